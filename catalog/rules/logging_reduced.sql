-- rule: logging_reduced
-- question: Was a record that would show the use of the storage switched off or thinned?
-- innocent: A setting is replaced by another one (a new destination, a policy's own setting).
-- innocent: A storage account or a workspace is retired together with its logs.
-- innocent: Cost is saved on logs that nobody reads.
-- reference: Azure Monitor, activity log and diagnostic settings, 2025-07
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, min(time) AS at_time, api_operation AS what,
       min(exhibit) AS exhibit, min(position) AS position
FROM activity, period
WHERE kind = 'azure-activity-log' AND status = 'Success' AND time >= period_from AND time < period_until
  AND (api_operation IN ('microsoft.insights/diagnosticsettings/delete',
                         'microsoft.operationalinsights/workspaces/delete',
                         'microsoft.storage/storageaccounts/inventorypolicies/delete')
    OR (api_operation = 'microsoft.insights/diagnosticsettings/write' AND disabled_log_categories <> ''))
GROUP BY cloud_provider, cloud_account_uid, resource_name, api_operation, metadata_correlation_token
ORDER BY 4, 2, 3, 5
