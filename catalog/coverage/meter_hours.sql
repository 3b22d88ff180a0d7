-- Requests metered by hour, or by grain where that is coarser, and class. A meter without the dimension ApiName knows
-- only the total: its class is empty.
WITH sets AS (
  SELECT provider, account, resource, namespace, dim_names, from_time, until_time,
         CASE WHEN dim_names LIKE '%apiname%' THEN storage_class(api_name) ELSE '' END AS stream,
         sum(total) AS total, bool_and(whole) AS whole
  FROM meter_flows WHERE metric IN ('Transactions', 'api/request_count')
  GROUP BY ALL),
spaces AS (
  SELECT provider, account, resource, namespace, from_time, until_time, stream, max(total) AS total, bool_or(whole) AS whole FROM sets GROUP BY ALL)
SELECT provider, account, resource, stream, from_time, until_time,
       CAST(greatest(coalesce(sum(CAST(total AS DECIMAL(38, 6))) FILTER (WHERE namespace LIKE '%services'), 0),
                     coalesce(sum(CAST(total AS DECIMAL(38, 6))) FILTER (WHERE namespace NOT LIKE '%services'), 0)) AS DOUBLE) AS value,
       bool_and(whole) AS whole
FROM spaces GROUP BY provider, account, resource, stream, from_time, until_time
UNION ALL
SELECT provider, account, resource, stream, from_time, until_time,
       CASE stream WHEN 'writes' THEN puts + posts WHEN 'deletes' THEN deletes WHEN 'reads' THEN gets + others ELSE requests END AS value, whole
FROM s3_meter, (VALUES ('writes'), ('deletes'), ('reads'), ('')) AS t(stream)
WHERE stream = '' OR rest = 0
ORDER BY provider, account, resource, from_time, until_time, stream
