-- indicator: bulk_collection
-- question: Is the arrival of objects consistent with machine collection about a population, rather than with one party's own activity?
-- assumes: What many people do independently of each other arrives like chance within an hour; timers arrive evenly, jobs and single people in bursts.
-- assumes: A machine that collects writes under one identity, once an object, with names of one form.
-- assumes: Runs of 7 to 15 digits in names, but for those of 8 and 14, which dates have, may be numbers of people; they may as well be serial numbers or times.
-- warning: This is consistency of times, counts and shapes of names, never content: what was collected, about whom and with what right, the records do not say.
-- innocent: A contact centre, a voicemail system or a switchboard that records its own calls.
-- innocent: A service that the subject runs for the public: shops, tickets, payments, messages, with an object for each order or event.
-- innocent: Meters, gates, vehicles or appliances in many hands that report as people use them.
-- innocent: A mail archive, or scans of letters and forms, that keeps what its own customers send.
-- reference: counts of independent events within an hour are Poisson distributed; talk curves as for speech_archive
--
-- Features, a row each, of the writes that a request log tells of in a
-- container: of names what the row is of where there are several, value is a count.
--
--   writes, bytes    successful writes of objects within the period, and their bodies
--   names            distinct objects among them
--   numbered         names with a run of digits as long as a telephone number, dates left out
--   one_form         writes of the commonest form of name, lengths of runs left out
--   one_writer       writes by the identity that wrote most; writers: how many identities
--   days             distinct days
--   hour             by hour of the day, UTC
--   window           by ten minutes, in up to 500 hours with 12 and more writes, spread over the period
WITH written AS (
  SELECT cloud_provider AS provider, max(cloud_account_uid) OVER (PARTITION BY cloud_provider, resource_name) AS account,
         resource_name AS resource, databucket_name AS container, kind, file_shape AS shape, file_token AS name, request_body_bytes AS bytes, time,
         CASE WHEN CAST(actor_user_token AS VARCHAR) = '00000000-0000-0000-0000-000000000000' THEN src_endpoint_token ELSE actor_user_token END AS writer
  FROM period, request_log JOIN operations ON operation = api_operation
  WHERE status = 'Success' AND writes_object AND resource_name <> '' AND time >= period_from AND time < period_until),
told AS (  -- where two logs tell of one container, the one that tells more
  SELECT resource, container, max_by(kind, n) AS kind
  FROM (SELECT resource, container, kind, count(*) + CASE WHEN kind LIKE '%access%' THEN 0.5 ELSE 0 END AS n FROM written GROUP BY resource, container, kind)
  GROUP BY resource, container),
logged AS (SELECT w.* FROM written w JOIN told t ON t.resource = w.resource AND t.container = w.container AND t.kind = w.kind),
totals AS (
  SELECT provider, account, resource, container, count(*) AS writes, coalesce(sum(bytes), 0) AS bytes, count(DISTINCT name) AS names,
         count(*) FILTER (WHERE regexp_matches(shape, '(^|[^9])(9{7}|9{9,13}|9{15})([^9]|$)')) AS numbered,
         count(DISTINCT writer) AS writers, count(DISTINCT date_trunc('day', time)) AS days
  FROM logged GROUP BY provider, account, resource, container),
forms AS (
  SELECT provider, account, resource, container, regexp_replace(regexp_replace(shape, '9+', '9', 'g'), 'a+', 'a', 'g') AS form, count(*) AS n
  FROM logged GROUP BY ALL),
hands AS (SELECT provider, account, resource, container, writer, count(*) AS n FROM logged GROUP BY ALL),
busy AS (
  SELECT provider, account, resource, container, date_trunc('hour', time) AS from_time,
         row_number() OVER (PARTITION BY provider, account, resource, container ORDER BY date_trunc('hour', time)) AS nth,
         count(*) OVER (PARTITION BY provider, account, resource, container) AS hours
  FROM logged GROUP BY provider, account, resource, container, date_trunc('hour', time) HAVING count(*) >= 12),
windows AS (
  SELECT l.provider, l.account, l.resource, l.container, CAST(floor(epoch(l.time) / 600) AS BIGINT) AS ten, count(*) AS n
  FROM logged l JOIN busy b ON b.provider = l.provider AND b.account = l.account AND b.resource = l.resource AND b.container = l.container
   AND b.from_time = date_trunc('hour', l.time) AND b.nth % (1 + b.hours // 500) = 0
  GROUP BY ALL),
features AS (
  SELECT provider, account, resource, container, 'writes' AS feature, '' AS of, CAST(writes AS DOUBLE) AS value FROM totals
  UNION ALL SELECT provider, account, resource, container, 'bytes', '', CAST(bytes AS DOUBLE) FROM totals
  UNION ALL SELECT provider, account, resource, container, 'names', '', CAST(names AS DOUBLE) FROM totals
  UNION ALL SELECT provider, account, resource, container, 'numbered', '', CAST(numbered AS DOUBLE) FROM totals
  UNION ALL SELECT provider, account, resource, container, 'writers', '', CAST(writers AS DOUBLE) FROM totals
  UNION ALL SELECT provider, account, resource, container, 'days', '', CAST(days AS DOUBLE) FROM totals
  UNION ALL SELECT provider, account, resource, container, 'one_form', '', CAST(max(n) AS DOUBLE) FROM forms GROUP BY ALL
  UNION ALL SELECT provider, account, resource, container, 'one_writer', '', CAST(max(n) AS DOUBLE) FROM hands GROUP BY ALL
  UNION ALL SELECT provider, account, resource, container, 'hour', CAST(extract(hour FROM time) AS VARCHAR), CAST(count(*) AS DOUBLE)
  FROM logged GROUP BY provider, account, resource, container, extract(hour FROM time)
  UNION ALL SELECT provider, account, resource, container, 'window', CAST(ten AS VARCHAR), CAST(n AS DOUBLE) FROM windows)
SELECT provider, account, resource, container, '' AS extension, feature, of, value
FROM features
ORDER BY provider, account, resource, container, feature, of
