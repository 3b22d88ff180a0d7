-- quantity: bytes_read
-- witness: logged
-- unit: byte
-- bound: below
-- streams: StorageRead
-- assumes: Bodies of successful reads; headers are not counted.
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, databucket_name AS container,
       date_trunc('hour', time) AS from_time, date_trunc('hour', time) + INTERVAL '1' HOUR AS until_time,
       CAST(sum(response_body_bytes) AS DOUBLE) AS value, 'below' AS bound
FROM activity
JOIN operations ON operation = api_operation
WHERE kind = 'azure-storage-log' AND status = 'Success' AND reads_object
GROUP BY cloud_provider, cloud_account_uid, resource_name, databucket_name, date_trunc('hour', time)
