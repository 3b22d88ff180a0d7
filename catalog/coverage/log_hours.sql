-- The hours for which request logs were handed over, by category.
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, metadata_log_name AS stream,
       date_trunc('hour', time) AS from_time, CAST(count(*) AS DOUBLE) AS value
FROM activity WHERE kind = 'azure-storage-log'
GROUP BY cloud_provider, cloud_account_uid, resource_name, metadata_log_name, date_trunc('hour', time)
