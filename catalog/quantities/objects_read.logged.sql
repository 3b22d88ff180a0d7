-- quantity: objects_read
-- witness: logged
-- unit: 1
-- bound: below
-- streams: reads
-- assumes: A partial read is a read. Requests that were refused or found nothing are not.
SELECT provider, account, resource, container, from_time, until_time, objects_read AS value, 'below' AS bound
FROM request_hours WHERE objects_read > 0
