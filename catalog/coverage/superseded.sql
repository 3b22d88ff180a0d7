-- Of requests that share the provider's id and differ in content only the
-- smallest counts: the others would raise a lower bound on the word of a record
-- that another contradicts.
WITH shared AS (
  SELECT key FROM read_parquet('tables/activity/*.parquet')
  WHERE key <> '00000000-0000-0000-0000-000000000000' AND kind IN ('azure-storage-log', 'aws-s3-access-log', 'aws-cloudtrail')
  GROUP BY key HAVING min(digest) <> max(digest)),
ranked AS (
  SELECT exhibit, position, row_number() OVER (PARTITION BY a.key ORDER BY request_body_bytes + response_body_bytes, digest, exhibit, position) AS n
  FROM read_parquet('tables/activity/*.parquet') a JOIN shared ON shared.key = a.key
  WHERE NOT EXISTS (SELECT 1 FROM read_parquet('tables/duplicates/*.parquet') d
                    WHERE d."table" = 'activity' AND d.exhibit = a.exhibit AND d.position = a.position))
SELECT exhibit, position FROM ranked WHERE n > 1 ORDER BY exhibit, position
