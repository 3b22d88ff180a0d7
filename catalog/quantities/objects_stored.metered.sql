-- quantity: objects_stored
-- witness: metered
-- unit: 1
-- bound: both
-- streams: object count metrics
-- assumes: The count is refreshed about once a day and repeated: a reading may be a day old.
WITH points AS (
  SELECT provider, account, resource, metric, dim_names, grain_seconds, time, sum(average) AS objects, count(*) AS series, bool_or(incomplete) AS cut
  FROM metrics WHERE metric IN ('BlobCount', 'FileCount', 'NumberOfObjects', 'storage/object_count') AND average IS NOT NULL
  GROUP BY ALL),
judged AS (  -- a reading that lacks a series which the same day has, or may lack one, is a lower bound
  SELECT *, NOT cut AND series = max(series) OVER (PARTITION BY provider, account, resource, metric, dim_names, grain_seconds, date_trunc('day', time)) AS whole
  FROM points),
sets AS (
  SELECT provider, account, resource, metric, grain_seconds, time, max(objects) AS objects, bool_or(whole) AS whole FROM judged GROUP BY ALL),
accounts AS (
  SELECT provider, account, resource, grain_seconds, time, CAST(sum(objects) AS DOUBLE) AS objects, bool_and(whole) AS whole FROM sets GROUP BY ALL)
SELECT provider, account, resource, '' AS container, time AS from_time,
       time + grain_seconds * INTERVAL '1' SECOND AS until_time, objects AS value, CASE WHEN whole THEN 'both' ELSE 'below' END AS bound
FROM accounts
