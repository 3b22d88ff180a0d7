-- quantity: objects_read
-- witness: metered
-- unit: 1
-- bound: both
-- streams: Transactions
-- assumes: S3's GetRequests counts attempts, and reads of settings too: an upper bound.
-- assumes: Needs the dimensions ApiName and ResponseType; a total without them bounds from above only.
WITH sets AS (
  SELECT provider, account, resource, namespace, dim_names, from_time, until_time, whole,
         CASE WHEN dim_names NOT LIKE '%apiname%' THEN total WHEN reads_object AND (response_type = '' OR response_type LIKE 'Success%' OR response_type = 'OK') THEN total ELSE 0 END AS counted
  FROM meter_flows LEFT JOIN operations ON operation = api_name
  WHERE metric IN ('Transactions', 'api/request_count')),
spaces AS (
  SELECT provider, account, resource, namespace, from_time, until_time,
         dim_names LIKE '%apiname%' AND dim_names LIKE '%responsetype%' AS exact, dim_names, bool_and(whole) AS whole,
         sum(counted) AS counted
  FROM sets GROUP BY ALL),
best AS (  -- an exact reading if there is one, else the smallest of those that lie above
  SELECT provider, account, resource, namespace, from_time, until_time, bool_or(exact AND whole) AS exact,
         max(counted) FILTER (WHERE exact) AS counted_exact, min(counted) FILTER (WHERE NOT exact AND whole) AS counted_above
  FROM spaces GROUP BY ALL),
accounts AS (
  SELECT provider, account, resource, from_time, until_time,
         coalesce(sum(CAST(coalesce(counted_exact, counted_above) AS DECIMAL(38, 6))) FILTER (WHERE namespace LIKE '%services'), 0) AS parts,
         coalesce(sum(CAST(coalesce(counted_exact, counted_above) AS DECIMAL(38, 6))) FILTER (WHERE namespace NOT LIKE '%services'), 0) AS own,
         bool_and(exact) AS exact, bool_and(counted_exact IS NOT NULL) AS has_exact, bool_and(counted_above IS NOT NULL) AS has_above
  FROM best GROUP BY ALL)
SELECT provider, account, resource, '' AS container, from_time, until_time, CAST(greatest(parts, own) AS DOUBLE) AS value,
       CASE WHEN exact THEN 'both' WHEN has_exact THEN 'below' WHEN has_above THEN 'above' ELSE 'neither' END AS bound
FROM accounts
UNION ALL
SELECT provider, account, resource, '', from_time, until_time, gets + rest, CASE WHEN whole THEN 'above' ELSE 'neither' END
FROM s3_meter
