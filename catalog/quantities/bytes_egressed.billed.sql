-- quantity: bytes_egressed
-- witness: billed
-- unit: byte
-- bound: both
-- streams: data transfer charges
-- assumes: What leaves the region is billed; transfer inside it is not. Free allowances may be left out.
-- assumes: A charge is of its day: within the day, a bill does not say when.
SELECT provider, account, resource, '' AS container,
       date_trunc('day', charge_from) AS from_time, date_trunc('day', charge_until - INTERVAL '1' SECOND) + INTERVAL '1' DAY AS until_time,
       CAST(sum(CAST(CAST(consumed_quantity AS DOUBLE) * bill_bytes(consumed_unit) AS DECIMAL(38, 6))) AS DOUBLE) AS value, 'both' AS bound
FROM charges
WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND (meter LIKE '%data transfer out%' OR meter LIKE '%datatransfer-out-bytes%' OR meter LIKE '%internet egress%' OR meter LIKE '%download worldwide%') AND bill_bytes(consumed_unit) IS NOT NULL
GROUP BY ALL
