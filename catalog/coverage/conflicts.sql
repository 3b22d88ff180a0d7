-- Records that share the provider's id or a point's key and differ in content.
WITH a AS (
  SELECT key FROM activity WHERE key <> '00000000-0000-0000-0000-000000000000' GROUP BY key HAVING count(DISTINCT digest) > 1),
m AS (
  SELECT key FROM read_parquet('tables/metrics/*.parquet') WHERE NOT partial GROUP BY key HAVING count(DISTINCT digest) > 1)
SELECT 'logged' AS witness, '' AS metric, cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, time AS at_time,
       exhibit, position, CAST(request_body_bytes + response_body_bytes AS DOUBLE) AS value, CAST(dense_rank() OVER (ORDER BY activity.key) AS BIGINT) AS group_number
FROM activity JOIN a ON a.key = activity.key WHERE kind = 'azure-storage-log'
UNION ALL
SELECT 'metered', metric, provider, account, resource, time, exhibit, position, CAST(coalesce(total, average) AS DOUBLE), CAST(dense_rank() OVER (ORDER BY p.key) AS BIGINT)
FROM read_parquet('tables/metrics/*.parquet') p JOIN m ON m.key = p.key
ORDER BY 1, 5, 6, 7, 8
