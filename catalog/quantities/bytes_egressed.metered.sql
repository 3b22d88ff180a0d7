-- quantity: bytes_egressed
-- witness: metered
-- unit: byte
-- bound: above
-- streams: Egress
-- assumes: Egress counts every byte that left the account, within the region too.
WITH sets AS (
  SELECT provider, account, resource, namespace, dim_names, grain_seconds, from_time, until_time, sum(total) AS total, bool_and(whole) AS whole
  FROM meter_flows WHERE metric = 'Egress'
  GROUP BY ALL),
spaces AS (  -- the fullest reading of each namespace
  SELECT provider, account, resource, namespace, from_time, until_time, max(total) AS total, bool_or(whole) AS whole FROM sets GROUP BY ALL),
accounts AS (
  SELECT provider, account, resource, from_time, until_time,
         coalesce(sum(CAST(total AS DECIMAL(38, 6))) FILTER (WHERE namespace LIKE '%services'), 0) AS parts,
         coalesce(sum(CAST(total AS DECIMAL(38, 6))) FILTER (WHERE namespace NOT LIKE '%services'), 0) AS own,
         bool_and(whole) AS whole
  FROM spaces GROUP BY ALL)
SELECT provider, account, resource, '' AS container, from_time, until_time,
       CAST(greatest(parts, own) AS DOUBLE) AS value, CASE WHEN whole THEN 'above' ELSE 'neither' END AS bound
FROM accounts
