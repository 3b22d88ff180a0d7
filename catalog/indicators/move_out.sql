-- indicator: move_out
-- question: Did more leave after the date than the days before it account for?
-- assumes: Days before the date show what is usual; a change of use on that date that the subject does not explain counts as out of line.
-- assumes: A meter's egress counts every byte that left the account, within its region too, replication and listing included.
-- warning: This is consistency of volumes, never content: what left, where to and at whose wish, the records do not say.
-- innocent: A restore, a migration to another region or provider that was planned before, or a copy made to preserve evidence.
-- innocent: A public site or download that found more readers.
-- innocent: Month-end reports, backups to another place, or reprocessing of stored data.
--
-- Features: what left a resource on a day, by witness. value is in bytes. Days
-- on which a witness does not cover every hour are left out by whoever judges.
WITH daily AS (
  SELECT provider, account, resource, 'metered' AS witness, date_trunc('day', from_time) AS day, CAST(total AS DECIMAL(38, 6)) AS bytes
  FROM meter_totals WHERE metric IN ('Egress', 'network/sent_bytes_count') AND until_time <= date_trunc('day', from_time) + INTERVAL '1' DAY
  UNION ALL
  SELECT provider, account, resource, 'metered', date_trunc('day', from_time), CAST(downloaded AS DECIMAL(38, 6)) FROM s3_meter WHERE whole
  UNION ALL
  SELECT provider, account, resource, 'billed', date_trunc('day', charge_from), CAST(CAST(consumed_quantity AS DOUBLE) * bill_bytes(consumed_unit) AS DECIMAL(38, 6))
  FROM charges
  WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND bill_bytes(consumed_unit) IS NOT NULL AND resource <> ''
    AND charge_until <= date_trunc('day', charge_from) + INTERVAL '1' DAY
    AND (meter LIKE '%data transfer out%' OR meter LIKE '%datatransfer-out-bytes%' OR meter LIKE '%internet egress%' OR meter LIKE '%download worldwide%'))
SELECT provider, account, resource, '' AS container, '' AS extension, witness AS feature, strftime(day, '%Y-%m-%d') AS of, CAST(sum(bytes) AS DOUBLE) AS value
FROM daily, period
WHERE day >= period_from AND day + INTERVAL '1' DAY <= period_until
GROUP BY provider, account, resource, witness, day
ORDER BY provider, account, resource, feature, of
