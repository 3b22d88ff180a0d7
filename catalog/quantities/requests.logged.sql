-- quantity: requests
-- witness: logged
-- unit: 1
-- bound: below
-- streams: StorageRead, StorageWrite, StorageDelete
-- assumes: All requests, refused ones too. The service does not log its own requests and many failed anonymous ones.
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, databucket_name AS container,
       date_trunc('hour', time) AS from_time, date_trunc('hour', time) + INTERVAL '1' HOUR AS until_time,
       CAST(count(*) AS DOUBLE) AS value, 'below' AS bound
FROM activity
WHERE kind = 'azure-storage-log'
GROUP BY cloud_provider, cloud_account_uid, resource_name, databucket_name, date_trunc('hour', time)
