-- Control-plane events that switch a resource's request log, its inventory or a
-- trail on or off. Only those that succeeded; what a setting holds may stand in the
-- record of its beginning, which has the same correlation.
WITH events AS (
  SELECT *, max(enabled_log_categories) OVER same AS enabled, max(disabled_log_categories) OVER same AS disabled
  FROM activity
  WHERE api_operation IN ('microsoft.insights/diagnosticsettings/write', 'microsoft.insights/diagnosticsettings/delete',
                          'microsoft.storage/storageaccounts/inventorypolicies/write', 'microsoft.storage/storageaccounts/inventorypolicies/delete')
  WINDOW same AS (PARTITION BY cloud_account_uid, resource_name, api_operation, metadata_correlation_token,
                  CASE WHEN metadata_correlation_token = '00000000-0000-0000-0000-000000000000' THEN concat(exhibit, position) END))
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, time AS at_time,
       CASE WHEN api_operation LIKE '%/diagnosticsettings/%' THEN 'logged' ELSE 'listed' END AS witness,
       api_operation LIKE '%/write' AS switched_on,
       api_operation AS operation, enabled, disabled, exhibit, position
FROM events
WHERE status = 'Success'
UNION ALL
SELECT cloud_provider, cloud_account_uid, resource_name, time,
       CASE WHEN api_operation LIKE '%Inventory%' THEN 'listed' WHEN api_operation = 'PutBucketLogging' THEN 'logged'
            WHEN api_operation = 'PutEventSelectors' THEN 'selectors' ELSE 'trail' END,
       CASE WHEN api_operation IN ('PutBucketLogging', 'PutBucketInventoryConfiguration', 'DeleteBucketInventoryConfiguration') THEN enabled_log_categories <> ''
            ELSE api_operation IN ('StartLogging', 'PutEventSelectors') END,
       api_operation, enabled_log_categories, disabled_log_categories, exhibit, position
FROM activity
WHERE kind IN ('aws-cloudtrail', 'ocsf') AND status = 'Success'
  AND (api_service_name = 'cloudtrail.amazonaws.com' AND api_operation IN ('StartLogging', 'StopLogging', 'DeleteTrail', 'PutEventSelectors')
    OR api_service_name = 's3.amazonaws.com' AND api_operation IN ('PutBucketLogging', 'PutBucketInventoryConfiguration', 'DeleteBucketInventoryConfiguration'))
UNION ALL
SELECT cloud_provider, cloud_account_uid, resource_name, time, 'trail', false, api_operation, '', '', exhibit, position
FROM activity
WHERE kind = 'gcp-audit-log' AND status = 'Success' AND api_operation LIKE 'google.logging.v2.ConfigServiceV2.DeleteSink'
ORDER BY at_time, exhibit, position
