-- quantity: objects_written
-- witness: billed
-- unit: 1
-- bound: above
-- streams: operations charges
-- assumes: Bills count operations by price class in units of ten thousand: parts and settings are in the class of writes too.
-- assumes: S3 has two price classes, PUT, COPY, POST and LIST, and GET and all others, in single requests; Google Cloud has classes A and B.
-- assumes: A charge is of its day: within the day, a bill does not say when.
SELECT provider, account, resource, '' AS container,
       date_trunc('day', charge_from) AS from_time, date_trunc('day', charge_until - INTERVAL '1' SECOND) + INTERVAL '1' DAY AS until_time,
       CAST(sum(CAST(CAST(consumed_quantity AS DOUBLE) * bill_block(x_pricing_unit_description, x_pricing_block_size, consumed_quantity, pricing_quantity) AS DECIMAL(38, 6))) AS DOUBLE) AS value, 'above' AS bound
FROM charges
WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND (meter LIKE '%write operations%' AND meter NOT LIKE '%other%' OR meter LIKE '%requests-tier1%' OR meter LIKE '%class a operations%')
GROUP BY ALL
