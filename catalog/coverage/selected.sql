-- The buckets whose objects a trail was recording: it has events of them, or an
-- event that selected them.
SELECT cloud_provider AS provider, cloud_account_uid AS account, cloud_region AS region, resource_name AS resource, class AS stream, min(time) AS at_time
FROM request_log WHERE kind IN ('aws-cloudtrail', 'ocsf', 'gcp-audit-log') AND metadata_log_name = 'Data'
GROUP BY cloud_provider, cloud_account_uid, cloud_region, resource_name, class
ORDER BY 1, 2, 3, 4, 5
