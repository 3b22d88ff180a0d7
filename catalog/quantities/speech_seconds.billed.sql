-- quantity: speech_seconds
-- witness: billed
-- unit: second
-- bound: both
-- streams: speech charges
-- assumes: Speech-to-text is billed in hours of audio.
-- assumes: A charge is of its day: within the day, a bill does not say when.
SELECT provider, account, resource, '' AS container,
       date_trunc('day', charge_from) AS from_time, date_trunc('day', charge_until - INTERVAL '1' SECOND) + INTERVAL '1' DAY AS until_time,
       CAST(sum(CAST(CAST(consumed_quantity AS DOUBLE) * 3600 AS DECIMAL(38, 6))) AS DOUBLE) AS value, 'both' AS bound
FROM charges
WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND meter LIKE '%speech to text%' AND lower(consumed_unit) LIKE '%hour%'
GROUP BY ALL
