-- The accounts whose control-plane log was handed over, and by which exhibits.
SELECT DISTINCT cloud_provider AS provider, cloud_account_uid AS account, exhibit, min(time) OVER (PARTITION BY cloud_account_uid) AS first_time
FROM activity WHERE kind = 'azure-activity-log' AND cloud_account_uid <> ''
