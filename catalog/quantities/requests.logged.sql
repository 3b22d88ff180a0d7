-- quantity: requests
-- witness: logged
-- unit: 1
-- bound: below
-- streams: reads, writes, deletes
-- assumes: All requests, refused ones too. The service does not log its own requests and many failed anonymous ones.
SELECT provider, account, resource, container, from_time, until_time, requests AS value, 'below' AS bound
FROM request_hours WHERE requests > 0
