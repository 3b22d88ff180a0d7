-- Control-plane events that switch a resource's request log, inventory or
-- metrics export on or off. Only those that succeeded.
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, time AS at_time,
       CASE WHEN api_operation LIKE '%/diagnosticsettings/%' THEN 'logged' ELSE 'listed' END AS witness,
       api_operation LIKE '%/write' AND NOT (enabled_log_categories = '' AND disabled_log_categories <> '') AS switched_on,
       api_operation AS operation, enabled_log_categories AS enabled, disabled_log_categories AS disabled, exhibit, position
FROM activity
WHERE status = 'Success'
  AND (api_operation LIKE 'microsoft.insights/diagnosticsettings/write' OR api_operation LIKE 'microsoft.insights/diagnosticsettings/delete'
    OR api_operation LIKE 'microsoft.storage/storageaccounts/inventorypolicies/write'
    OR api_operation LIKE 'microsoft.storage/storageaccounts/inventorypolicies/delete')
