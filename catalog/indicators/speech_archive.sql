-- indicator: speech_archive
-- question: Are the sizes of the objects consistent with recordings of telephone conversations?
-- assumes: A name's extension says truly what kind of file it is; where it says nothing of sound, nothing is inferred from sizes.
-- assumes: Codecs of a fixed rate write whole frames behind a header of known length; encryption adds the same number of bytes to each.
-- assumes: Talk time is near a lognormal distribution with median 20 to 420 s; real calls of 10 s and more have mu 4.808 and sigma 0.916 (29,677 calls).
-- assumes: The time of an object is that of its upload, which need not be that of a call.
-- warning: This is consistency of sizes, times and counts, never content: whose calls they are, why they were recorded, or whether they are calls at all, the records do not say.
-- innocent: A contact centre records its calls, as notices and contracts provide.
-- innocent: Voicemail, or calls that their participants recorded themselves.
-- innocent: Recorded meetings and hearings, dictation, emergency and air-traffic lines that must be recorded by law.
-- innocent: Speech collected with consent to train or test recognisers.
-- reference: catalog/codecs.json (measured rates and headers); RFC 4867 section 5 (AMR), RFC 3551 (G.711, G.729, GSM)
-- reference: talk time of calls, lognormal with mu 4.808 and sigma 0.916 in seconds (29,677 calls)
--
-- Features, a row each, of the objects of a container with one extension: of
-- names what the row is of where there are several, value is a count unless said
-- otherwise. No content is read, and none is needed. A listing tells of what
-- is stored; where there is none, the writes that were logged.
--
--   objects, bytes   how many, and their length together
--   numbered         names with a run of 7 to 15 digits, as telephone numbers and dates have
--   dialled          of these, names with a run of a length that dates do not have: all but 8 and 14
--   writes, names    logged writes of the container, and distinct names among them: recordings are written once
--   one_size         objects of the commonest size
--   size             by floor(50 * ln(bytes))
--   hour             by hour of the day, UTC, where the time is known
--   framed           by codec and header: objects of a whole number of frames behind the header
--   aligned          by codec and multiple: objects whose size leaves the commonest remainder by that multiple of the frame
WITH codecs AS (
  SELECT * FROM (VALUES  -- extension, codec, header bytes, bytes a frame, bytes a second
    ('amr', 'AMR-NB 4.75', 6, 13, 650), ('amr', 'AMR-NB 5.15', 6, 14, 700), ('amr', 'AMR-NB 5.90', 6, 16, 800),
    ('amr', 'AMR-NB 6.70', 6, 18, 900), ('amr', 'AMR-NB 7.40', 6, 20, 1000), ('amr', 'AMR-NB 7.95', 6, 21, 1050),
    ('amr', 'AMR-NB 10.2', 6, 27, 1350), ('amr', 'AMR-NB 12.2', 6, 32, 1600),
    ('awb', 'AMR-WB 6.60', 9, 18, 900), ('awb', 'AMR-WB 8.85', 9, 24, 1200), ('awb', 'AMR-WB 12.65', 9, 33, 1650),
    ('awb', 'AMR-WB 14.25', 9, 37, 1850), ('awb', 'AMR-WB 15.85', 9, 41, 2050), ('awb', 'AMR-WB 18.25', 9, 47, 2350),
    ('awb', 'AMR-WB 19.85', 9, 51, 2550), ('awb', 'AMR-WB 23.05', 9, 59, 2950), ('awb', 'AMR-WB 23.85', 9, 61, 3050),
    ('wav', 'G.711', 44, 160, 8000), ('wav', 'G.711', 58, 160, 8000), ('wav', 'G.711', 92, 160, 8000),
    ('wav', 'PCM 16-bit 8 kHz', 44, 320, 16000), ('wav', 'GSM 06.10', 60, 65, 1625),
    ('au', 'G.711', 24, 160, 8000), ('au', 'G.711', 44, 160, 8000), ('gsm', 'GSM 06.10', 0, 33, 1650),
    ('ulaw', 'G.711', 0, 160, 8000), ('alaw', 'G.711', 0, 160, 8000), ('g711', 'G.711', 0, 160, 8000),
    ('g729', 'G.729', 0, 20, 1000), ('sln', 'PCM 16-bit 8 kHz', 0, 320, 16000)
  ) AS t(extension, codec, header, frame, rate)),
listed AS (
  SELECT i.provider, i.resource, i.container, i.extension, i.object_shape AS shape, i.bytes, coalesce(i.created, i.modified) AS time
  FROM inventory i
  WHERE i.bytes > 0 AND NOT i.snapshot AND NOT i.old_version AND NOT i.deleted AND i.resource <> ''
    AND i.taken_from = (SELECT max(l.taken_from) FROM listings l WHERE l.resource = i.resource)),
written AS (
  SELECT cloud_provider AS provider, resource_name AS resource, databucket_name AS container, kind,
         CASE WHEN file_shape LIKE '%.%' THEN regexp_extract(file_shape, '\.([a-z0-9]+)$', 1) ELSE '' END AS extension,
         file_shape AS shape, file_token AS name, request_body_bytes AS bytes, time
  FROM period, request_log JOIN operations ON operation = api_operation
  WHERE status = 'Success' AND writes_object AND writes_bytes AND request_body_bytes > 0 AND time >= period_from AND time < period_until),
told AS (  -- where two logs tell of one container, the one that tells more
  SELECT resource, container, max_by(kind, n) AS kind
  FROM (SELECT resource, container, kind, count(*) + CASE WHEN kind LIKE '%access%' THEN 0.5 ELSE 0 END AS n FROM written GROUP BY resource, container, kind)
  GROUP BY resource, container),
logged AS (SELECT w.* FROM written w JOIN told t ON t.resource = w.resource AND t.container = w.container AND t.kind = w.kind),
objects AS (
  SELECT * FROM listed
  UNION ALL
  SELECT provider, resource, container, extension, shape, bytes, time FROM logged WHERE resource NOT IN (SELECT resource FROM listings)),
totals AS (
  SELECT provider, resource, container, extension, count(*) AS objects, CAST(sum(bytes) AS DOUBLE) AS bytes,
         count(*) FILTER (WHERE regexp_matches(shape, '(^|[^9])9{7,15}([^9]|$)')) AS numbered,
         count(*) FILTER (WHERE regexp_matches(shape, '(^|[^9])(9{7}|9{9,13}|9{15})([^9]|$)')) AS dialled
  FROM objects GROUP BY provider, resource, container, extension),
once AS (SELECT resource, container, count(*) AS writes, count(DISTINCT name) AS names FROM logged GROUP BY resource, container),
alike AS (SELECT provider, resource, container, extension, bytes, count(*) AS n FROM objects GROUP BY provider, resource, container, extension, bytes),
sizes AS (  -- distinct sizes, so that ten million objects take no longer than their sizes
  SELECT a.*, c.codec, c.header, c.frame, c.rate FROM alike a JOIN codecs c ON c.extension = a.extension),
remainders AS (
  SELECT provider, resource, container, extension, codec, frame, p, bytes % (frame * p) AS remainder, sum(n) AS n
  FROM (SELECT DISTINCT provider, resource, container, extension, codec, frame, bytes, n FROM sizes), (VALUES (1), (2), (3), (5), (7)) AS t(p)
  GROUP BY provider, resource, container, extension, codec, frame, p, bytes % (frame * p)),
features AS (
  SELECT provider, resource, container, extension, 'objects' AS feature, '' AS of, CAST(objects AS DOUBLE) AS value FROM totals
  UNION ALL SELECT provider, resource, container, extension, 'bytes', '', bytes FROM totals
  UNION ALL SELECT provider, resource, container, extension, 'numbered', '', CAST(numbered AS DOUBLE) FROM totals
  UNION ALL SELECT provider, resource, container, extension, 'dialled', '', CAST(dialled AS DOUBLE) FROM totals
  UNION ALL SELECT t.provider, t.resource, t.container, t.extension, 'writes', '', CAST(o.writes AS DOUBLE)
  FROM totals t JOIN once o ON o.resource = t.resource AND o.container = t.container
  UNION ALL SELECT t.provider, t.resource, t.container, t.extension, 'names', '', CAST(o.names AS DOUBLE)
  FROM totals t JOIN once o ON o.resource = t.resource AND o.container = t.container
  UNION ALL SELECT provider, resource, container, extension, 'one_size', '', CAST(max(n) AS DOUBLE) FROM alike GROUP BY provider, resource, container, extension
  UNION ALL SELECT provider, resource, container, extension, 'size', CAST(CAST(floor(50 * ln(bytes)) AS BIGINT) AS VARCHAR), CAST(sum(n) AS DOUBLE)
  FROM alike GROUP BY provider, resource, container, extension, floor(50 * ln(bytes))
  UNION ALL SELECT provider, resource, container, extension, 'hour', CAST(extract(hour FROM time) AS VARCHAR), CAST(count(*) AS DOUBLE)
  FROM objects WHERE time IS NOT NULL GROUP BY provider, resource, container, extension, extract(hour FROM time)
  UNION ALL SELECT provider, resource, container, extension, 'framed', codec || '|' || header || '|' || frame || '|' || rate,
         CAST(coalesce(sum(n) FILTER (WHERE bytes > header AND (bytes - header) % frame = 0), 0) AS DOUBLE)
  FROM sizes GROUP BY provider, resource, container, extension, codec, header, frame, rate
  UNION ALL SELECT provider, resource, container, extension, 'aligned', codec || '|' || p, CAST(max(n) AS DOUBLE)
  FROM remainders GROUP BY provider, resource, container, extension, codec, p)
SELECT provider, '' AS account, resource, container, extension, feature, of, value
FROM features
ORDER BY provider, resource, container, extension, feature, of
