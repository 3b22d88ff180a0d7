-- quantity: bytes_read
-- witness: logged
-- unit: byte
-- bound: below
-- streams: reads
-- assumes: Bodies of successful reads; headers are not counted.
SELECT provider, account, resource, container, from_time, until_time, bytes_read AS value, 'below' AS bound
FROM request_hours WHERE bytes_read > 0
