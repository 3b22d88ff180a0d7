-- quantity: bytes_stored
-- witness: metered
-- unit: byte
-- bound: both
-- streams: capacity metrics
-- assumes: Capacity is refreshed about once a day and repeated: a reading may be a day old.
-- assumes: Blob, file, table and queue capacity add up; the account's UsedCapacity tells of the same bytes.
WITH points AS (
  SELECT provider, account, resource, metric, dim_names, grain_seconds, time, sum(average) AS bytes
  FROM metrics
  WHERE metric IN ('BlobCapacity', 'FileCapacity', 'TableCapacity', 'QueueCapacity', 'UsedCapacity') AND average IS NOT NULL
  GROUP BY ALL),
sets AS (  -- one reading per metric and instant, however often it was read out
  SELECT provider, account, resource, metric, grain_seconds, time, max(bytes) AS bytes FROM points GROUP BY ALL),
accounts AS (
  SELECT provider, account, resource, grain_seconds, time,
         CAST(coalesce(sum(bytes) FILTER (WHERE metric <> 'UsedCapacity'), 0) AS DOUBLE) AS parts,
         CAST(coalesce(sum(bytes) FILTER (WHERE metric = 'UsedCapacity'), 0) AS DOUBLE) AS used
  FROM sets GROUP BY ALL)
SELECT provider, account, resource, '' AS container, time AS from_time,
       time + grain_seconds * INTERVAL '1' SECOND AS until_time, max(greatest(parts, used)) AS value, 'both' AS bound
FROM accounts GROUP BY ALL
