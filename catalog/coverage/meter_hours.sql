-- Requests metered by hour, or by grain where that is coarser, and category of
-- the log that would carry them. A meter without the dimension ApiName knows
-- only the total: its category is empty.
WITH sets AS (
  SELECT provider, account, resource, namespace, dim_names, from_time, until_time,
         CASE WHEN dim_names LIKE '%apiname%' THEN storage_class(api_name) ELSE '' END AS stream,
         sum(total) AS total, bool_and(whole) AS whole
  FROM meter_flows WHERE metric = 'Transactions'
  GROUP BY ALL),
spaces AS (
  SELECT provider, account, resource, namespace, from_time, until_time, stream, max(total) AS total, bool_or(whole) AS whole FROM sets GROUP BY ALL)
SELECT provider, account, resource, stream, from_time, until_time,
       CAST(greatest(coalesce(sum(CAST(total AS DECIMAL(38, 6))) FILTER (WHERE namespace LIKE '%services'), 0),
                     coalesce(sum(CAST(total AS DECIMAL(38, 6))) FILTER (WHERE namespace NOT LIKE '%services'), 0)) AS DOUBLE) AS value,
       bool_and(whole) AS whole
FROM spaces GROUP BY provider, account, resource, stream, from_time, until_time
ORDER BY provider, account, resource, from_time, until_time, stream
