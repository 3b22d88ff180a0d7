-- quantity: objects_written
-- witness: logged
-- unit: 1
-- bound: below
-- streams: writes
-- assumes: Attempts that were refused are not writes. Logs are best-effort: what they lack is not shown to be absent.
SELECT provider, account, resource, container, from_time, until_time, objects_written AS value, 'below' AS bound
FROM request_hours WHERE objects_written > 0
