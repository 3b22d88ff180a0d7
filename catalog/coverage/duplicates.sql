-- Records whose text stands elsewhere too: the first by exhibit and position
-- counts, the others are duplicates.
WITH digests AS (
  SELECT 'activity' AS "table", exhibit, position, length, digest FROM read_parquet('tables/activity/*.parquet')
  WHERE digest IN (SELECT digest FROM read_parquet('tables/activity/*.parquet') GROUP BY digest HAVING count(*) > 1)
  UNION ALL
  SELECT 'metrics', exhibit, position, length, digest FROM read_parquet('tables/metrics/*.parquet')
  WHERE NOT partial AND digest IN (SELECT digest FROM read_parquet('tables/metrics/*.parquet') GROUP BY digest HAVING count(*) > 1)
  UNION ALL
  SELECT 'flows', exhibit, position, length, digest FROM read_parquet('tables/flows/*.parquet')
  WHERE digest IN (SELECT digest FROM read_parquet('tables/flows/*.parquet') GROUP BY digest HAVING count(*) > 1)),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY "table", digest ORDER BY exhibit, position) AS n,
         first_value(exhibit) OVER (PARTITION BY "table", digest ORDER BY exhibit, position) AS of_exhibit,
         first_value(position) OVER (PARTITION BY "table", digest ORDER BY exhibit, position) AS of_position
  FROM digests)
SELECT "table", exhibit, position, length, of_exhibit, of_position FROM ranked WHERE n > 1 ORDER BY "table", exhibit, position
