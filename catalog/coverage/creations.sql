-- When resources were created, as far as the control plane's log shows it.
SELECT cloud_provider AS provider, cloud_account_uid AS account, resource_name AS resource, min(time) AS at_time
FROM activity
WHERE kind = 'azure-activity-log' AND status = 'Success'
  AND api_operation IN ('microsoft.storage/storageaccounts/write', 'microsoft.cognitiveservices/accounts/write')
  AND status_detail LIKE '%reated%'
GROUP BY cloud_provider, cloud_account_uid, resource_name
