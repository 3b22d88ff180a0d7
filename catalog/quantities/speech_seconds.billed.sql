-- quantity: speech_seconds
-- witness: billed
-- unit: second
-- bound: both
-- streams: speech charges
-- assumes: Speech-to-text is billed in hours of audio.
SELECT provider, account, resource, '' AS container, charge_from AS from_time, charge_until AS until_time,
       CAST(sum(CAST(CAST(consumed_quantity AS DOUBLE) * 3600 AS DECIMAL(38, 6))) AS DOUBLE) AS value, 'both' AS bound
FROM charges
WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND meter LIKE '%speech to text%' AND lower(consumed_unit) LIKE '%hour%'
GROUP BY provider, account, resource, charge_from, charge_until
