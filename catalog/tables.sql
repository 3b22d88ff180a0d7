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
CREATE OR REPLACE VIEW unread AS SELECT * FROM read_parquet('tables/unread/*.parquet');

-- The days of the period, for spreading charges.
CREATE OR REPLACE VIEW days AS
SELECT CAST(d AS TIMESTAMP) AS day_from, CAST(d AS TIMESTAMP) + INTERVAL '1' DAY AS day_until
FROM period, UNNEST(generate_series(date_trunc('day', period_from), period_until - INTERVAL '1' SECOND, INTERVAL '1' DAY)) AS t(d);

-- What each storage operation does, when it succeeds. class is the category
-- of Azure's resource log that carries it. Operations that are not here carry
-- no object and no body: they count as requests only.
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
  ('GetFile',            false, false, true)
) AS t(operation, writes_object, writes_bytes, reads_object);

-- The category of Azure's resource logs that an operation belongs to, for
-- meters, which do not say it.
CREATE OR REPLACE MACRO storage_class(operation) AS
  CASE WHEN operation LIKE 'Delete%' OR operation LIKE '%Delete' OR operation LIKE 'Undelete%' THEN 'StorageDelete'
       WHEN operation LIKE 'Put%' OR operation LIKE 'Create%' OR operation LIKE 'Set%' OR operation LIKE 'Copy%'
         OR operation LIKE 'Append%' OR operation LIKE 'Acquire%' OR operation LIKE 'Renew%' OR operation LIKE 'Release%'
         OR operation LIKE 'Break%' OR operation LIKE 'Change%' OR operation LIKE 'Lease%' OR operation LIKE 'Snapshot%'
         OR operation LIKE 'SyncCopy%' OR operation LIKE 'AbortCopy%' OR operation LIKE 'Flush%' OR operation LIKE 'Rename%'
         OR operation LIKE 'Incremental%' OR operation LIKE 'Insert%' OR operation LIKE 'Update%' OR operation LIKE 'Merge%'
         OR operation LIKE 'Clear%' THEN 'StorageWrite'
       ELSE 'StorageRead' END;

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
