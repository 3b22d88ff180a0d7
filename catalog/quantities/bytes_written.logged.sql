-- quantity: bytes_written
-- witness: logged
-- unit: byte
-- bound: below
-- streams: writes
-- assumes: Bodies of successful writes, parts included; headers are not counted.
SELECT provider, account, resource, container, from_time, until_time, bytes_written AS value, 'below' AS bound
FROM request_hours WHERE bytes_written > 0
