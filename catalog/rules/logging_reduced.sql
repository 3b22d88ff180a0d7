-- rule: logging_reduced
-- question: Was a record that would show the use of the storage switched off or thinned?
-- innocent: A setting is replaced by another one (a new destination, a policy's own setting).
-- innocent: A storage account or a workspace is retired together with its logs.
-- innocent: Cost is saved on logs that nobody reads.
-- innocent: A trail is replaced by the organisation's own, or its selectors are narrowed to save cost.
-- reference: AWS CloudTrail user guide; Google Cloud Logging, audit logs
-- reference: Azure Monitor, activity log and diagnostic settings, 2025-07
WITH events AS (  -- what a setting holds may stand in the record of its beginning
  SELECT *, max(disabled_log_categories) OVER same AS disabled
  FROM activity
  WHERE kind = 'azure-activity-log'
    AND api_operation IN ('microsoft.insights/diagnosticsettings/delete', 'microsoft.insights/diagnosticsettings/write',
                          'microsoft.operationalinsights/workspaces/delete', 'microsoft.storage/storageaccounts/inventorypolicies/delete')
  WINDOW same AS (PARTITION BY cloud_account_uid, resource_name, api_operation, metadata_correlation_token,
                  CASE WHEN metadata_correlation_token = '00000000-0000-0000-0000-000000000000' THEN concat(exhibit, position) END)),
found AS (
  SELECT cloud_provider, cloud_account_uid, resource_name, api_operation, metadata_correlation_token, exhibit, position, time
  FROM events
  WHERE status = 'Success' AND (api_operation <> 'microsoft.insights/diagnosticsettings/write' OR disabled <> '')
  UNION ALL
  SELECT cloud_provider, cloud_account_uid, resource_name, api_operation, metadata_correlation_token, exhibit, position, time
  FROM activity
  WHERE kind IN ('aws-cloudtrail', 'ocsf') AND status = 'Success'
    AND (api_operation IN ('StopLogging', 'DeleteTrail', 'DeleteEventDataStore', 'StopEventDataStoreIngestion', 'DeleteFlowLogs', 'DeleteBucketInventoryConfiguration',
                           'DeleteLogGroup', 'StopConfigurationRecorder', 'DeleteModelInvocationLoggingConfiguration')
      OR api_operation IN ('UpdateTrail', 'PutEventSelectors', 'PutBucketLogging') AND disabled_log_categories <> '')
  UNION ALL
  SELECT cloud_provider, cloud_account_uid, resource_name, api_operation, metadata_correlation_token, exhibit, position, time
  FROM activity
  WHERE kind = 'gcp-audit-log' AND status = 'Success'
    AND (api_operation IN ('google.logging.v2.ConfigServiceV2.DeleteSink', 'google.logging.v2.ConfigServiceV2.CreateExclusion', 'google.logging.v2.ConfigServiceV2.DeleteBucket')
      OR api_operation LIKE '%SetIamPolicy' AND disabled_log_categories <> ''))
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, min(time) AS at_time, api_operation AS what,
       arg_min(exhibit, (time, exhibit, position)) AS exhibit, arg_min(position, (time, exhibit, position)) AS position
FROM found, period
WHERE time >= period_from AND time < period_until
GROUP BY cloud_provider, cloud_account_uid, resource_name, api_operation, metadata_correlation_token
ORDER BY 4, 2, 3, 5
