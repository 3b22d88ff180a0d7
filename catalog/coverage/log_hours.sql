-- The hours for which request logs were handed over, by class of request. A log
-- with one switch for all classes speaks of all of them where it has records.
-- CloudTrail speaks of a bucket where its trail does: hours of its own records
-- are in trail_hours.sql.
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, class AS stream,
       date_trunc('hour', time) AS from_time, CAST(count(*) AS DOUBLE) AS value,
       bool_or(kind IN ('aws-s3-access-log', 'gcp-storage-log')) AS all_classes, bool_or(kind IN ('aws-cloudtrail', 'ocsf', 'gcp-audit-log')) AS by_trail
FROM request_log
GROUP BY cloud_provider, cloud_account_uid, resource_name, class, date_trunc('hour', time)
