-- quantity: objects_stored
-- witness: metered
-- unit: 1
-- bound: both
-- streams: object count metrics
-- assumes: The count is refreshed about once a day and repeated: a reading may be a day old.
WITH points AS (
  SELECT provider, account, resource, metric, dim_names, grain_seconds, time, sum(average) AS objects
  FROM metrics WHERE metric IN ('BlobCount', 'FileCount') AND average IS NOT NULL
  GROUP BY ALL),
sets AS (
  SELECT provider, account, resource, metric, grain_seconds, time, max(objects) AS objects FROM points GROUP BY ALL),
accounts AS (
  SELECT provider, account, resource, grain_seconds, time, CAST(sum(objects) AS DOUBLE) AS objects FROM sets GROUP BY ALL)
SELECT provider, account, resource, '' AS container, time AS from_time,
       time + grain_seconds * INTERVAL '1' SECOND AS until_time, max(objects) AS value, 'both' AS bound
FROM accounts GROUP BY ALL
