-- quantity: bytes_written
-- witness: logged
-- unit: byte
-- bound: below
-- streams: StorageWrite
-- assumes: Bodies of successful writes, parts included; headers are not counted.
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, databucket_name AS container,
       date_trunc('hour', time) AS from_time, date_trunc('hour', time) + INTERVAL '1' HOUR AS until_time,
       CAST(sum(request_body_bytes) AS DOUBLE) AS value, 'below' AS bound
FROM activity
JOIN operations ON operation = api_operation
WHERE kind = 'azure-storage-log' AND status = 'Success' AND writes_bytes
GROUP BY cloud_provider, cloud_account_uid, resource_name, databucket_name, date_trunc('hour', time)
