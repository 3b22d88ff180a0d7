-- quantity: bytes_stored
-- witness: metered
-- unit: byte
-- bound: both
-- streams: capacity metrics
-- assumes: Capacity is refreshed about once a day and repeated: a reading may be a day old.
-- assumes: S3's BucketSizeBytes includes noncurrent versions and parts of unfinished uploads.
-- assumes: Blob, file, table and queue capacity add up; the account's UsedCapacity tells of the same bytes.
-- assumes: A service of the account whose capacity was not handed over is taken to hold nothing.
WITH points AS (
  SELECT provider, account, resource, metric, dim_names, grain_seconds, time, sum(average) AS bytes, count(*) AS series, bool_or(incomplete) AS cut
  FROM metrics
  WHERE metric IN ('BlobCapacity', 'FileCapacity', 'TableCapacity', 'QueueCapacity', 'UsedCapacity', 'BucketSizeBytes', 'storage/total_bytes', 'storage/v2/total_bytes') AND average IS NOT NULL
  GROUP BY ALL),
judged AS (  -- a reading that lacks a series which the same day has, or may lack one, is a lower bound
  SELECT *, NOT cut AND series = max(series) OVER (PARTITION BY provider, account, resource, metric, dim_names, grain_seconds, date_trunc('day', time)) AS whole
  FROM points),
sets AS (  -- one reading per metric and instant, however often it was read out
  SELECT provider, account, resource, metric, grain_seconds, time, max(bytes) AS bytes, bool_or(whole) AS whole FROM judged GROUP BY ALL),
accounts AS (
  SELECT provider, account, resource, grain_seconds, time,
         CAST(coalesce(sum(bytes) FILTER (WHERE metric NOT IN ('UsedCapacity', 'storage/v2/total_bytes')), 0) AS DOUBLE) AS parts,
         CAST(coalesce(sum(bytes) FILTER (WHERE metric IN ('UsedCapacity', 'storage/v2/total_bytes')), 0) AS DOUBLE) AS used, bool_and(whole) AS whole
  FROM sets GROUP BY ALL)
SELECT provider, account, resource, '' AS container, time AS from_time,
       time + grain_seconds * INTERVAL '1' SECOND AS until_time, greatest(parts, used) AS value, CASE WHEN whole THEN 'both' ELSE 'below' END AS bound
FROM accounts
