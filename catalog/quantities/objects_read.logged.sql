-- quantity: objects_read
-- witness: logged
-- unit: 1
-- bound: below
-- streams: StorageRead
-- assumes: A partial read is a read. Requests that were refused or found nothing are not.
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, databucket_name AS container,
       date_trunc('hour', time) AS from_time, date_trunc('hour', time) + INTERVAL '1' HOUR AS until_time,
       CAST(count(*) AS DOUBLE) AS value, 'below' AS bound
FROM activity
JOIN operations ON operation = api_operation
WHERE kind = 'azure-storage-log' AND status = 'Success' AND reads_object
GROUP BY cloud_provider, cloud_account_uid, resource_name, databucket_name, date_trunc('hour', time)
