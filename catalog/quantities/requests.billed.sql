-- quantity: requests
-- witness: billed
-- unit: 1
-- bound: below
-- streams: operations charges
-- assumes: Bills leave out deletes and refused requests.
SELECT provider, account, resource, '' AS container, charge_from AS from_time, charge_until AS until_time,
       CAST(sum(CAST(CAST(consumed_quantity AS DOUBLE) * bill_block(x_pricing_unit_description, x_pricing_block_size, consumed_quantity, pricing_quantity) AS DECIMAL(38, 6))) AS DOUBLE) AS value, 'below' AS bound
FROM charges
WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND service_category = 'Storage' AND meter LIKE '%operations%'
GROUP BY provider, account, resource, charge_from, charge_until
