-- The tables as measures read them. Run in the folder that a review wrote:
--
--   $ cd out && duckdb -init open.sql
--   D .read catalog/quantities/bytes_stored.billed.sql
--
-- Times are UTC without a zone. Spans are half-open. The period of the case is
-- in the table period (period_from, period_until), which open.sql makes.

-- Records whose text stands twice were written to tables/duplicates, and count
-- once. Those that another record with the same id contradicts were written to
-- tables/superseded, and do not count.
CREATE OR REPLACE VIEW activity AS
SELECT a.* FROM read_parquet('tables/activity/*.parquet') a
WHERE NOT EXISTS (SELECT 1 FROM read_parquet('tables/duplicates/*.parquet') d
                  WHERE d."table" = 'activity' AND d.exhibit = a.exhibit AND d.position = a.position)
  AND NOT EXISTS (SELECT 1 FROM read_parquet('tables/superseded/*.parquet') s WHERE s.exhibit = a.exhibit AND s.position = a.position);

-- Points that were cut off before their dimensions were read prove nothing. A
-- point that was read out twice, with other figures beside, is one point. A meter
-- that gives two different readings for one point gives none: neither is used,
-- and the point is a gap.
CREATE OR REPLACE VIEW metrics AS
WITH points AS (
  SELECT m.* FROM read_parquet('tables/metrics/*.parquet') m
  WHERE NOT m.partial
    AND NOT EXISTS (SELECT 1 FROM read_parquet('tables/duplicates/*.parquet') d
                    WHERE d."table" = 'metrics' AND d.exhibit = m.exhibit AND d.position = m.position)),
again AS (SELECT key FROM points GROUP BY key HAVING count(*) > 1)
SELECT exhibit, position, key, time, grain_seconds, provider, account, region, resource, resource_type, namespace, metric, unit,
       dim_names, dims, api_name, response_type, total, average, minimum, maximum, count, incomplete
FROM points WHERE key NOT IN (SELECT key FROM again)
UNION ALL
SELECT min(exhibit), min(position), key, min(time), min(grain_seconds), min(provider), min(account), min(region), min(resource), min(resource_type), min(namespace), min(metric), min(unit),
       min(dim_names), min(dims), min(api_name), min(response_type), min(total), min(average), min(minimum), min(maximum), min(count), bool_or(incomplete)
FROM points WHERE key IN (SELECT key FROM again)
GROUP BY key
HAVING coalesce(min(total) = max(total), true) AND coalesce(min(average) = max(average), true) AND coalesce(min(minimum) = max(minimum), true)
   AND coalesce(min(maximum) = max(maximum), true) AND coalesce(min(count) = max(count), true);

CREATE OR REPLACE VIEW charges AS
SELECT *, lower(CASE WHEN sku_meter = '' THEN charge_description ELSE sku_meter END) AS meter
FROM read_parquet('tables/charges/*.parquet');

CREATE OR REPLACE VIEW inventory AS
SELECT i.*, l.resource, l.taken_from, l.taken_until, l.complete, l.prefixes
FROM read_parquet('tables/inventory/*.parquet') i
JOIN read_parquet('tables/listings/*.parquet') l ON l.exhibit = i.exhibit;

CREATE OR REPLACE VIEW listings AS SELECT * FROM read_parquet('tables/listings/*.parquet');
CREATE OR REPLACE VIEW disclosures AS SELECT * FROM read_parquet('tables/disclosures/*.parquet');
CREATE OR REPLACE VIEW trails AS SELECT * FROM read_parquet('tables/trails/*.parquet');
CREATE OR REPLACE VIEW flows AS
SELECT * FROM read_parquet('tables/flows/*.parquet') f
WHERE NOT EXISTS (SELECT 1 FROM read_parquet('tables/duplicates/*.parquet') d
                  WHERE d."table" = 'flows' AND d.exhibit = f.exhibit AND d.position = f.position);

-- Where rules matched (rules says which were looked for). Records that do not
-- count do not count here either.
CREATE OR REPLACE VIEW hits AS
SELECT h.* FROM read_parquet('tables/hits/*.parquet') h
WHERE NOT EXISTS (SELECT 1 FROM read_parquet('tables/duplicates/*.parquet') d
                  WHERE d."table" = 'activity' AND d.exhibit = h.exhibit AND d.position = h.position)
  AND NOT EXISTS (SELECT 1 FROM read_parquet('tables/superseded/*.parquet') s WHERE s.exhibit = h.exhibit AND s.position = h.position);
CREATE OR REPLACE VIEW rules AS SELECT * FROM read_parquet('tables/rules/*.parquet');

CREATE OR REPLACE VIEW unread AS SELECT * FROM read_parquet('tables/unread/*.parquet');

-- The days of the period, for spreading charges.
CREATE OR REPLACE VIEW days AS
SELECT CAST(d AS TIMESTAMP) AS day_from, CAST(d AS TIMESTAMP) + INTERVAL '1' DAY AS day_until
FROM period, UNNEST(generate_series(date_trunc('day', period_from), period_until - INTERVAL '1' SECOND, INTERVAL '1' DAY)) AS t(d);

-- What each storage operation does, when it succeeds. Operations that are not
-- here carry no object and no body: they count as requests only.
CREATE OR REPLACE VIEW operations AS
SELECT * FROM (VALUES
  ('PutBlob',            true,  true,  false),  -- also creates append and page blobs
  ('PutBlobFromURL',     true,  false, false),
  ('PutBlockList',       true,  false, false),
  ('CopyBlob',           true,  false, false),
  ('CopyBlobFromURL',    true,  false, false),
  ('SyncCopyBlob',       true,  false, false),
  ('PutBlock',           false, true,  false),
  ('PutBlockFromURL',    false, false, false),
  ('PutPage',            false, true,  false),
  ('AppendBlock',        false, true,  false),
  ('CreatePathFile',     true,  false, false),
  ('AppendFile',         false, true,  false),
  ('CreateFile',         true,  false, false),
  ('PutRange',           false, true,  false),
  ('GetBlob',            false, false, true),
  ('ReadFile',           false, false, true),
  ('GetFile',            false, false, true),
  -- S3, as its server access logs write them; REST.POST.UPLOAD completes a multipart upload
  ('REST.PUT.OBJECT',    true,  true,  false),
  ('REST.POST.OBJECT',   true,  true,  false),
  ('SOAP.PUT.OBJECT',    true,  true,  false),
  ('REST.COPY.OBJECT',   true,  false, false),
  ('REST.POST.UPLOAD',   true,  false, false),
  ('REST.PUT.PART',      false, true,  false),
  ('REST.GET.OBJECT',    false, false, true),
  ('SOAP.GET.OBJECT',    false, false, true),
  ('WEBSITE.GET.OBJECT', false, false, true),
  -- S3, as CloudTrail writes them
  ('PutObject',          true,  true,  false),
  ('PostObject',         true,  true,  false),
  ('CopyObject',         true,  false, false),
  ('CompleteMultipartUpload', true, false, false),
  ('UploadPart',         false, true,  false),
  ('GetObject',          false, false, true),
  ('SelectObjectContent', false, false, true),
  -- Google Cloud Storage: usage logs, audit logs, and the methods that its meters name
  ('PUT_Object',         true,  true,  false),
  ('POST_Object',        true,  true,  false),
  ('GET_Object',         false, false, true),
  ('storage.objects.create', true, true, false),
  ('storage.objects.get', false, false, true),
  ('WriteObject',        true,  true,  false),
  ('RewriteObject',      true,  false, false),
  ('ComposeObject',      true,  false, false),
  ('ReadObject',         false, false, true)
) AS t(operation, writes_object, writes_bytes, reads_object);

-- Whether an operation reads, writes or deletes. Azure logs each under a
-- category of its own (StorageRead, StorageWrite, StorageDelete).
CREATE OR REPLACE MACRO storage_class(operation) AS
  CASE WHEN regexp_matches(operation, '^(Delete|Undelete|DELETE_)|Delete$|[.]DELETE[.]|MULTI_OBJECT_DELETE|[.]delete$') THEN 'deletes'
       WHEN regexp_matches(operation, '^(Put|Create|Set|Copy|Append|Acquire|Renew|Release|Break|Change|Lease|Snapshot|SyncCopy|AbortCopy|Flush|Rename|Incremental|Insert|Update|Merge|Clear)')
         OR regexp_matches(operation, '^(Upload|Complete|Abort|Post|Restore|Write|Rewrite|Compose|Patch|PUT_|POST_)|[.](PUT|POST|COPY)[.]|[.](create|update|patch)$') THEN 'writes'
       ELSE 'reads' END;

-- Requests to storage, by whatever log tells of them: Azure's resource logs,
-- S3's server access logs, CloudTrail's events of S3, Google Cloud's usage and
-- audit logs. What the service does by itself (expiry, the lines that belong to
-- a copy or to the deletion of many objects) is no request of its own.
-- one_switch says that the log is on for every class of request or for none.
CREATE OR REPLACE VIEW request_log AS
SELECT *, storage_class(api_operation) AS class, kind <> 'azure-storage-log' AS one_switch
FROM activity
WHERE kind = 'azure-storage-log'
   OR kind = 'aws-s3-access-log' AND api_operation NOT LIKE 'S3.%' AND api_operation NOT LIKE 'BATCH.%' AND api_operation NOT LIKE 'REST.COPY.%_GET'
   OR kind IN ('aws-cloudtrail', 'ocsf') AND api_service_name = 's3.amazonaws.com' AND resource_name <> '' AND metadata_log_name IN ('Data', 'Management')
   OR kind = 'gcp-storage-log'
   OR kind = 'gcp-audit-log' AND api_service_name = 'storage.googleapis.com' AND resource_name <> '';

-- What each log tells by resource, container and hour. Where two logs tell of
-- one resource (S3's own and CloudTrail's), the one that tells more counts:
-- both bound from below, and a request in both is one request.
CREATE OR REPLACE VIEW request_hours AS
WITH told AS (
  SELECT cloud_provider AS provider, CASE WHEN cloud_provider = 'azure' THEN cloud_account_uid ELSE '' END AS owner, max(cloud_account_uid) AS account,
         resource_name AS resource, databucket_name AS container, kind, date_trunc('hour', time) AS from_time,
         count(*) AS requests,
         count(*) FILTER (WHERE status = 'Success' AND writes_object) AS objects_written,
         coalesce(sum(request_body_bytes) FILTER (WHERE status = 'Success' AND writes_bytes), 0) AS bytes_written,
         count(*) FILTER (WHERE status = 'Success' AND reads_object) AS objects_read,
         coalesce(sum(response_body_bytes) FILTER (WHERE status = 'Success' AND reads_object), 0) AS bytes_read
  FROM request_log LEFT JOIN operations ON operation = api_operation
  GROUP BY cloud_provider, owner, resource_name, databucket_name, kind, date_trunc('hour', time))
SELECT provider, max(account) AS account, resource, container, from_time, from_time + INTERVAL '1' HOUR AS until_time,
       CAST(max(requests) AS DOUBLE) AS requests, CAST(max(objects_written) AS DOUBLE) AS objects_written, CAST(max(bytes_written) AS DOUBLE) AS bytes_written,
       CAST(max(objects_read) AS DOUBLE) AS objects_read, CAST(max(bytes_read) AS DOUBLE) AS bytes_read
FROM told GROUP BY provider, owner, resource, container, from_time;

-- Bytes in the unit of a bill. A GB on a bill is 2^30 bytes, never 10^9.
CREATE OR REPLACE MACRO bill_bytes(unit) AS
  CASE WHEN lower(unit) LIKE '%tb%' OR lower(unit) LIKE '%tib%' THEN 1099511627776
       WHEN lower(unit) LIKE '%gb%' OR lower(unit) LIKE '%gib%' THEN 1073741824
       WHEN lower(unit) LIKE '%mb%' OR lower(unit) LIKE '%mib%' THEN 1048576 END;

-- Single operations in one unit of a bill: Azure prices them by the ten thousand.
CREATE OR REPLACE MACRO bill_block(unit_text, block_size, consumed, pricing) AS
  CASE WHEN unit_text = '10K' THEN 10000 WHEN unit_text = '1M' THEN 1000000 WHEN unit_text = '100' THEN 100
       WHEN block_size > 1 THEN CAST(block_size AS DOUBLE)
       WHEN pricing > 0 THEN round(CAST(consumed AS DOUBLE) / CAST(pricing AS DOUBLE))
       ELSE 1 END;

-- Flows of platform metrics by hour or, where the grain is coarser, by grain. A
-- set is one way in which the meter was read out: a namespace, dimensions and
-- a grain. Sets of one metric tell of the same flow, so they are compared and
-- never summed; a set that was filtered can only lie below the others. Sets
-- under the sub-services of a storage account (blobServices, ...) add up to
-- the account's own.
CREATE OR REPLACE VIEW meter_flows AS
WITH points AS (
  SELECT provider, account, resource, namespace, metric, dim_names, dims, api_name, response_type, grain_seconds,
         CASE WHEN grain_seconds <= 3600 THEN date_trunc('hour', time) ELSE time END AS from_time,
         time, total, bool_or(incomplete) OVER (PARTITION BY provider, account, resource, namespace, metric, dim_names, grain_seconds) AS cut
  FROM metrics WHERE total IS NOT NULL AND grain_seconds > 0),
counted AS (  -- a metric that was cut off may lack series; an instant that lacks a series which the same day has is not wholly read
  SELECT *, count(*) OVER (PARTITION BY provider, account, resource, namespace, metric, dim_names, grain_seconds, time) AS series_now
  FROM points),
judged AS (
  SELECT *, series_now = max(series_now) OVER (PARTITION BY provider, account, resource, namespace, metric, dim_names, grain_seconds, date_trunc('day', time)) AS all_series
  FROM counted)
SELECT provider, account, resource, namespace, metric, dim_names, api_name, response_type, grain_seconds, from_time,
       from_time + CASE WHEN grain_seconds <= 3600 THEN INTERVAL '1' HOUR ELSE grain_seconds * INTERVAL '1' SECOND END AS until_time,
       CAST(sum(total) AS DOUBLE) AS total,
       bool_and(all_series) AND NOT bool_or(cut) AND count(DISTINCT time) * grain_seconds >= 3600 AS whole
FROM judged
GROUP BY provider, account, resource, namespace, metric, dim_names, api_name, response_type, grain_seconds, from_time;

-- The totals of a metric at a resource, over whatever dimensions it was read
-- out with: the fullest reading of each namespace; sub-services add up to the
-- account's own.
CREATE OR REPLACE VIEW meter_totals AS
WITH sets AS (
  SELECT provider, account, resource, namespace, metric, dim_names, grain_seconds, from_time, until_time, sum(total) AS total, bool_and(whole) AS whole
  FROM meter_flows
  GROUP BY ALL),
spaces AS (
  SELECT provider, account, resource, namespace, metric, from_time, until_time, max(total) AS total, bool_or(whole) AS whole FROM sets GROUP BY ALL),
accounts AS (
  SELECT provider, account, resource, metric, from_time, until_time,
         coalesce(sum(CAST(total AS DECIMAL(38, 6))) FILTER (WHERE namespace LIKE '%services'), 0) AS parts,
         coalesce(sum(CAST(total AS DECIMAL(38, 6))) FILTER (WHERE namespace NOT LIKE '%services'), 0) AS own,
         bool_and(whole) AS whole
  FROM spaces GROUP BY ALL)
SELECT provider, account, resource, metric, from_time, until_time, CAST(greatest(parts, own) AS DOUBLE) AS total, whole FROM accounts;

-- Request metrics of S3 by bucket and hour. CloudWatch has points only for
-- minutes with requests: an hour without any had none, if the metrics were on
-- before and after it and the same account and region delivered other points in
-- it. rest is what AllRequests counts beyond the classes that were read out: if
-- it is zero, a class without points had no requests. doubtful is how many PUT
-- requests may have failed. A filter that is not the whole bucket's tells of a
-- part only.
CREATE OR REPLACE VIEW s3_meter AS
WITH points AS (
  SELECT account, region, resource, regexp_extract(dims, 'filterid=([^;]*)', 1) AS filter, metric, grain_seconds, time, date_trunc('hour', time) AS from_time, total
  FROM metrics
  WHERE provider = 'aws' AND namespace = 'aws/s3' AND grain_seconds <= 3600 AND total IS NOT NULL AND resource <> '' AND dim_names LIKE '%filterid%'),
spoken AS (
  SELECT DISTINCT account, region, date_trunc('hour', time) AS from_time FROM metrics WHERE provider = 'aws' AND grain_seconds <= 3600),
seen AS (
  SELECT account, region, resource, filter, grain_seconds, min(from_time) AS first_hour, max(from_time) AS last_hour
  FROM points WHERE metric = 'AllRequests' GROUP BY ALL),
minutes AS (
  SELECT account, region, resource, filter, grain_seconds, from_time, time,
         coalesce(sum(total) FILTER (WHERE metric = 'AllRequests'), 0) AS requests,
         coalesce(sum(total) FILTER (WHERE metric = 'PutRequests'), 0) AS puts,
         coalesce(sum(total) FILTER (WHERE metric = 'PostRequests'), 0) AS posts,
         coalesce(sum(total) FILTER (WHERE metric = 'DeleteRequests'), 0) AS deletes,
         coalesce(sum(total) FILTER (WHERE metric = 'GetRequests'), 0) AS gets,
         coalesce(sum(total) FILTER (WHERE metric IN ('HeadRequests', 'ListRequests', 'SelectRequests')), 0) AS others,
         coalesce(sum(total) FILTER (WHERE metric IN ('4xxErrors', '5xxErrors')), 0) AS errors,
         coalesce(sum(total) FILTER (WHERE metric = 'BytesUploaded'), 0) AS uploaded,
         coalesce(sum(total) FILTER (WHERE metric = 'BytesDownloaded'), 0) AS downloaded
  FROM points GROUP BY ALL),
hours AS (
  SELECT account, region, resource, filter, grain_seconds, from_time, sum(requests) AS requests, sum(puts) AS puts, sum(posts) AS posts, sum(deletes) AS deletes,
         sum(gets) AS gets, sum(others) AS others, sum(greatest(requests - puts - posts - deletes - gets - others, 0)) AS rest,
         sum(least(errors, puts)) AS doubtful, sum(uploaded) AS uploaded, sum(downloaded) AS downloaded
  FROM minutes GROUP BY ALL),
cells AS (
  SELECT s.account, s.resource, s.filter, k.from_time, h.requests, h.puts, h.posts, h.deletes, h.gets, h.others, h.rest, h.doubtful, h.uploaded, h.downloaded
  FROM seen s JOIN spoken k ON k.account = s.account AND k.region = s.region AND k.from_time >= s.first_hour AND k.from_time <= s.last_hour
  LEFT JOIN hours h ON h.account = s.account AND h.region = s.region AND h.resource = s.resource AND h.filter = s.filter
    AND h.grain_seconds = s.grain_seconds AND h.from_time = k.from_time)
SELECT 'aws' AS provider, max(account) AS account, resource, from_time, from_time + INTERVAL '1' HOUR AS until_time,
       CAST(coalesce(max(requests), 0) AS DOUBLE) AS requests, CAST(coalesce(max(puts), 0) AS DOUBLE) AS puts, CAST(coalesce(max(posts), 0) AS DOUBLE) AS posts,
       CAST(coalesce(max(deletes), 0) AS DOUBLE) AS deletes, CAST(coalesce(max(gets), 0) AS DOUBLE) AS gets, CAST(coalesce(max(others), 0) AS DOUBLE) AS others,
       CAST(coalesce(max(rest), 0) AS DOUBLE) AS rest, CAST(coalesce(max(doubtful), 0) AS DOUBLE) AS doubtful,
       CAST(coalesce(max(uploaded), 0) AS DOUBLE) AS uploaded, CAST(coalesce(max(downloaded), 0) AS DOUBLE) AS downloaded,
       bool_or(lower(filter) = 'entirebucket') AS whole
FROM cells GROUP BY resource, from_time;
