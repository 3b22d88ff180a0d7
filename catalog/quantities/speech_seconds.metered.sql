-- quantity: speech_seconds
-- witness: metered
-- unit: second
-- bound: both
-- streams: AudioSecondsTranscribed
-- assumes: Seconds of audio that were sent to speech-to-text.
SELECT provider, account, resource, '' AS container, from_time, until_time, total AS value,
       CASE WHEN whole THEN 'both' ELSE 'below' END AS bound
FROM meter_totals WHERE metric = 'AudioSecondsTranscribed'
