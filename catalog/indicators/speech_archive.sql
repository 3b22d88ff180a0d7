-- indicator: speech_archive
-- question: Do the sizes of the objects look like recordings of telephone conversations?
-- innocent: A contact centre records its calls, as notices and contracts provide.
-- innocent: Voicemail, or calls that their participants recorded themselves.
-- innocent: Recorded meetings and hearings, dictation, emergency and air-traffic lines that must be recorded by law.
-- innocent: Speech collected with consent to train or test recognisers.
-- reference: RFC 4867 section 5 (AMR), RFC 3551 (G.711, G.729, GSM); header sizes as ffmpeg and sox write them
-- reference: talk time of calls, lognormal with mu 4.808 and sigma 0.916 in seconds (29,677 calls)
--
-- One row a container, extension and codec: how many objects there are, what
-- share of them has the size of a whole number of the codec's frames, and how
-- long they would last. No content is read, and none is needed. A listing
-- tells of what is stored; where there is none, the writes that were logged.
WITH codecs AS (
  SELECT * FROM (VALUES  -- extension, codec, header bytes, bytes a frame, bytes a second
    ('amr', 'AMR-NB 4.75', 6, 13, 650), ('amr', 'AMR-NB 5.15', 6, 14, 700), ('amr', 'AMR-NB 5.90', 6, 16, 800),
    ('amr', 'AMR-NB 6.70', 6, 18, 900), ('amr', 'AMR-NB 7.40', 6, 20, 1000), ('amr', 'AMR-NB 7.95', 6, 21, 1050),
    ('amr', 'AMR-NB 10.2', 6, 27, 1350), ('amr', 'AMR-NB 12.2', 6, 32, 1600),
    ('awb', 'AMR-WB 12.65', 9, 33, 1650), ('awb', 'AMR-WB 23.85', 9, 61, 3050),
    ('wav', 'G.711 WAV', 58, 160, 8000), ('wav', 'G.711 WAV', 92, 160, 8000), ('wav', 'G.711 WAV', 44, 160, 8000),
    ('wav', 'PCM 16-bit 8 kHz', 44, 320, 16000), ('wav', 'GSM 06.10 WAV', 60, 65, 1625),
    ('au', 'G.711 AU', 44, 160, 8000), ('au', 'G.711 AU', 24, 160, 8000), ('gsm', 'GSM 06.10', 0, 33, 1650),
    ('ulaw', 'G.711', 0, 160, 8000), ('alaw', 'G.711', 0, 160, 8000), ('g711', 'G.711', 0, 160, 8000),
    ('g729', 'G.729', 0, 20, 1000), ('sln', 'PCM 16-bit 8 kHz', 0, 320, 16000)
  ) AS t(extension, codec, header, frame, rate)),
listed AS (
  SELECT i.provider, i.resource, i.container, i.extension, i.object_shape AS shape, i.bytes
  FROM inventory i
  WHERE i.bytes IS NOT NULL AND NOT i.snapshot AND NOT i.old_version AND NOT i.deleted AND i.resource <> ''
    AND i.taken_from = (SELECT max(l.taken_from) FROM listings l WHERE l.resource = i.resource)),
written AS (
  SELECT cloud_provider AS provider, resource_name AS resource, databucket_name AS container,
         CASE WHEN file_shape LIKE '%.%' THEN regexp_extract(file_shape, '\.([a-z0-9]+)$', 1) ELSE '' END AS extension,
         file_shape AS shape, request_body_bytes AS bytes
  FROM activity, period
  WHERE kind = 'azure-storage-log' AND status = 'Success' AND api_operation = 'PutBlob' AND request_body_bytes > 0
    AND time >= period_from AND time < period_until
    AND resource_name NOT IN (SELECT resource FROM listings)),
objects AS (SELECT * FROM listed UNION ALL SELECT * FROM written),
rewritten AS (  -- recordings are written once
  SELECT resource_name AS resource, databucket_name AS container, count(*) AS writes, count(DISTINCT file_token) AS names
  FROM activity WHERE kind = 'azure-storage-log' AND status = 'Success' AND api_operation = 'PutBlob'
  GROUP BY resource_name, databucket_name),
totals AS (
  SELECT provider, resource, container, extension, count(*) AS objects, CAST(sum(bytes) AS DOUBLE) AS bytes,
         CAST(count(*) FILTER (WHERE regexp_matches(shape, '(^|[^9])9{7,15}([^9]|$)')) AS DOUBLE) / count(*) AS numbered
  FROM objects GROUP BY provider, resource, container, extension),
fits AS (
  SELECT o.resource, o.container, o.extension, c.codec, c.header, c.frame,
         CAST(count(*) FILTER (WHERE o.bytes > c.header AND (o.bytes - c.header) % c.frame = 0) AS DOUBLE) / count(*) AS framed,
         quantile_cont(CAST(o.bytes - c.header AS DOUBLE) / c.rate, 0.5) AS median_seconds,
         stddev_pop(ln(greatest(CAST(o.bytes - c.header AS DOUBLE), 1) / c.rate)) AS spread
  FROM objects o JOIN codecs c ON c.extension = o.extension
  GROUP BY o.resource, o.container, o.extension, c.codec, c.header, c.frame)
SELECT t.provider, t.resource, t.container, t.extension, t.objects, t.bytes, t.numbered,
       coalesce(1.0 - CAST(r.names AS DOUBLE) / r.writes, 0) AS rewritten,
       coalesce(f.codec, '') AS codec, coalesce(f.framed, 0) AS framed, coalesce(f.median_seconds, 0) AS median_seconds, coalesce(f.spread, 0) AS spread
FROM totals t LEFT JOIN fits f ON f.resource = t.resource AND f.container = t.container AND f.extension = t.extension
LEFT JOIN rewritten r ON r.resource = t.resource AND r.container = t.container
ORDER BY t.provider, t.resource, t.container, t.extension, framed DESC, f.frame DESC, codec
