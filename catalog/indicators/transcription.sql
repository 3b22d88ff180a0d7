-- indicator: transcription
-- question: Does speech processing keep step with the arrival of objects?
-- assumes: What is transcribed on arrival is metered within three hours of it; batches that run at night or later are not seen.
-- assumes: The rhythm of days and hours is common to all use, so that only what departs from it counts.
-- warning: This is consistency of times and volumes, never content: what was transcribed, for whom and to what end, the records do not say.
-- innocent: Captions, dictation, meeting notes or voice commands, whose sound is stored as it is transcribed.
-- innocent: A contact centre that transcribes its own calls, as notices and contracts provide.
-- innocent: Two uses of one service by the same people, which rise and fall together.
--
-- Features by hour. feature speech: seconds of audio metered at a speech account.
-- feature logged: bytes of successful writes to a container, from request logs.
-- feature metered: bytes that came into a storage account, from its meter. of is
-- the hour, UTC.
WITH hourly AS (
  SELECT provider, account, resource, '' AS container, 'speech' AS feature, from_time, CAST(total AS DECIMAL(38, 6)) AS value
  FROM meter_totals WHERE metric = 'AudioSecondsTranscribed' AND until_time - from_time = INTERVAL '1' HOUR
  UNION ALL
  SELECT provider, account, resource, container, 'logged', from_time, CAST(bytes_written AS DECIMAL(38, 6)) FROM request_hours WHERE bytes_written > 0
  UNION ALL
  SELECT provider, account, resource, '', 'metered', from_time, CAST(total AS DECIMAL(38, 6))
  FROM meter_totals WHERE metric IN ('Ingress', 'network/received_bytes_count') AND until_time - from_time = INTERVAL '1' HOUR
  UNION ALL
  SELECT provider, account, resource, '', 'metered', from_time, CAST(uploaded AS DECIMAL(38, 6)) FROM s3_meter WHERE whole)
SELECT provider, account, resource, container, '' AS extension, feature, strftime(from_time, '%Y-%m-%dT%H') AS of, CAST(sum(value) AS DOUBLE) AS value
FROM hourly, period
WHERE from_time >= period_from AND from_time < period_until
GROUP BY provider, account, resource, container, feature, from_time
ORDER BY provider, account, resource, container, feature, of
