-- The hours in which the control plane's log of an account and region has
-- records, and the spans of which a chain of digests says something. origin is
-- records, asserted, missing or altered.
SELECT cloud_provider AS provider, cloud_account_uid AS account, cloud_region AS region, 'records' AS origin,
       date_trunc('hour', time) AS from_time, date_trunc('hour', time) + INTERVAL '1' HOUR AS until_time, '' AS detail
FROM activity
WHERE kind IN ('aws-cloudtrail', 'gcp-audit-log') OR kind = 'ocsf' AND cloud_provider = 'aws'
GROUP BY cloud_provider, cloud_account_uid, cloud_region, date_trunc('hour', time)
UNION ALL
SELECT provider, account, region, state, from_time, until_time, detail FROM trails
ORDER BY 1, 2, 3, 4, 5, 6, 7
