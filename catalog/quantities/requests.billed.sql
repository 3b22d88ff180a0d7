-- quantity: requests
-- witness: billed
-- unit: 1
-- bound: below
-- streams: operations charges
-- assumes: Bills leave out deletes and refused requests.
-- assumes: S3 has two price classes, PUT, COPY, POST and LIST, and GET and all others, in single requests; Google Cloud has classes A and B.
-- assumes: A charge is of its day: within the day, a bill does not say when.
SELECT provider, account, resource, '' AS container,
       date_trunc('day', charge_from) AS from_time, date_trunc('day', charge_until - INTERVAL '1' SECOND) + INTERVAL '1' DAY AS until_time,
       CAST(sum(CAST(CAST(consumed_quantity AS DOUBLE) * bill_block(x_pricing_unit_description, x_pricing_block_size, consumed_quantity, pricing_quantity) AS DECIMAL(38, 6))) AS DOUBLE) AS value, 'below' AS bound
FROM charges
WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND service_category = 'Storage' AND (meter LIKE '%operations%' OR meter LIKE '%requests-tier%')
GROUP BY ALL
