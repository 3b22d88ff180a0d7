-- quantity: objects_read
-- witness: billed
-- unit: 1
-- bound: above
-- streams: operations charges
-- assumes: Bills count operations by price class in units of ten thousand.
SELECT provider, account, resource, '' AS container, charge_from AS from_time, charge_until AS until_time,
       CAST(sum(CAST(CAST(consumed_quantity AS DOUBLE) * bill_block(x_pricing_unit_description, x_pricing_block_size, consumed_quantity, pricing_quantity) AS DECIMAL(38, 6))) AS DOUBLE) AS value, 'above' AS bound
FROM charges
WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND meter LIKE '%read operations%'
GROUP BY provider, account, resource, charge_from, charge_until
