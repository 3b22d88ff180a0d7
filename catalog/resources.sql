-- Every resource that any record shows, with the records that show it and the
-- span in which they do. Charges count where they overlap the period.
SELECT 'billed' AS shown_by, provider, account, resource, resource_type, region, service_name AS service,
       greatest(min(charge_from), min(period_from)) AS first_time, least(max(charge_until), min(period_until)) AS last_time
FROM charges, period
WHERE charge_from < period_until AND charge_until > period_from AND account <> '' AND charge_class <> 'Correction'
GROUP BY provider, account, resource, resource_type, region, service_name
UNION ALL
SELECT 'metered', provider, account, resource, resource_type, region, namespace, min(time), max(time)
FROM metrics, period
WHERE time < period_until AND time >= period_from AND resource <> ''
GROUP BY provider, account, resource, resource_type, region, namespace
UNION ALL
SELECT 'logged', cloud_provider, cloud_account_uid, resource_name, resource_type, cloud_region, api_service_name, min(time), max(time)
FROM request_log
GROUP BY cloud_provider, cloud_account_uid, resource_name, resource_type, cloud_region, api_service_name
UNION ALL
SELECT 'control', cloud_provider, cloud_account_uid, resource_name, resource_type, '', api_service_name, min(time), max(time)
FROM activity
WHERE kind = 'azure-activity-log' AND resource_type IN ('microsoft.storage/storageaccounts', 'microsoft.cognitiveservices/accounts')
GROUP BY cloud_provider, cloud_account_uid, resource_name, resource_type, api_service_name
UNION ALL
SELECT 'control', cloud_provider, cloud_account_uid, '', '', '', '', min(time), max(time)
FROM activity WHERE kind IN ('aws-cloudtrail', 'gcp-audit-log', 'ocsf')
GROUP BY cloud_provider, cloud_account_uid
UNION ALL
SELECT 'flowed', provider, account, resource, 'network/interface', region, 'network', min(from_time), max(until_time)
FROM flows, period WHERE from_time < period_until AND until_time > period_from AND resource <> ''
GROUP BY provider, account, resource, region
UNION ALL
SELECT 'listed', provider, '', resource, CASE provider WHEN 'aws' THEN 'aws::s3::bucket' WHEN 'gcp' THEN 'storage.googleapis.com/bucket' ELSE 'microsoft.storage/storageaccounts' END, '', CASE provider WHEN 'azure' THEN 'blob' ELSE 's3' END, min(taken_from), max(taken_until)
FROM listings WHERE resource <> '' AND taken_from IS NOT NULL
GROUP BY provider, resource
UNION ALL
SELECT 'stated', provider, account, resource, lower(kind), region, '', CAST(NULL AS TIMESTAMP), CAST(NULL AS TIMESTAMP)
FROM disclosures
ORDER BY 1, 2, 3, 4, 5, 6, 7
