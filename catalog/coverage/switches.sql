-- Control-plane events that switch a resource's request log, or its inventory,
-- on or off. Only those that succeeded; what a setting holds may stand in the
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
ORDER BY time, exhibit, position
