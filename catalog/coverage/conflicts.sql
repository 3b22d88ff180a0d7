-- Records that share the provider's id or a point's key and differ in content,
-- with all their versions.
WITH events AS (
  SELECT * FROM read_parquet('tables/activity/*.parquet') r
  WHERE kind IN ('azure-storage-log', 'aws-s3-access-log', 'aws-cloudtrail')
    AND NOT EXISTS (SELECT 1 FROM read_parquet('tables/duplicates/*.parquet') d
                    WHERE d."table" = 'activity' AND d.exhibit = r.exhibit AND d.position = r.position)),
a AS (
  SELECT key FROM events WHERE key <> '00000000-0000-0000-0000-000000000000' GROUP BY key HAVING min(digest) <> max(digest)),
m AS (
  SELECT key FROM read_parquet('tables/metrics/*.parquet') WHERE NOT partial GROUP BY key
  HAVING min(total) <> max(total) OR min(average) <> max(average) OR min(minimum) <> max(minimum) OR min(maximum) <> max(maximum) OR min(count) <> max(count))
SELECT 'logged' AS witness, '' AS metric, cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, time AS at_time,
       exhibit, position, CAST(request_body_bytes + response_body_bytes AS DOUBLE) AS value, CAST(dense_rank() OVER (ORDER BY e.key) AS BIGINT) AS group_number
FROM events e JOIN a ON a.key = e.key
UNION ALL
SELECT 'metered', metric, provider, account, resource, time, exhibit, position, CAST(coalesce(total, average) AS DOUBLE), CAST(dense_rank() OVER (ORDER BY p.key) AS BIGINT)
FROM read_parquet('tables/metrics/*.parquet') p JOIN m ON m.key = p.key WHERE NOT partial
ORDER BY 1, 5, 6, 7, 8
