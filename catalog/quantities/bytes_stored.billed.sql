-- quantity: bytes_stored
-- witness: billed
-- unit: byte
-- bound: both
-- streams: storage charges
-- assumes: A GB-month is 2^30 bytes over the days of that billing month, so a day's charge gives the mean bytes of that day.
-- assumes: An hourly row that carries a day's storage is byte-time of its day, not of its hour.
-- assumes: Includes versions, snapshots, soft-deleted data and parts of unfinished uploads, and minimum charges.
WITH stored AS (
  SELECT provider, account, resource,
         date_trunc('day', charge_from) AS first_day, charge_until,
         greatest(date_diff('day', date_trunc('day', charge_from), charge_until - INTERVAL '1' SECOND) + 1, 1) AS charge_days,
         date_diff('day', billing_from, billing_until) AS month_days,
         CAST(consumed_quantity AS DOUBLE) * bill_bytes(consumed_unit) AS byte_months
  FROM charges
  WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage'
    AND (meter LIKE '%data stored%' OR meter LIKE '%timedstorage%' OR service_name = 'Cloud Storage' AND meter LIKE '%storage%')
    AND lower(consumed_unit) LIKE '%mo%' AND bill_bytes(consumed_unit) IS NOT NULL)
SELECT provider, account, resource, '' AS container, day_from AS from_time, day_until AS until_time,
       CAST(sum(CAST(byte_months * month_days / charge_days AS DECIMAL(38, 6))) AS DOUBLE) AS value, 'both' AS bound
FROM stored JOIN days ON day_from >= first_day AND day_from < charge_until
GROUP BY provider, account, resource, day_from, day_until
