-- quantity: bytes_read
-- witness: metered
-- unit: byte
-- bound: above
-- streams: Egress
-- assumes: Egress counts headers, listings and error bodies as well as the bodies of objects.
SELECT provider, account, resource, '' AS container, from_time, until_time, total AS value,
       CASE WHEN whole THEN 'above' ELSE 'neither' END AS bound
FROM meter_totals WHERE metric = 'Egress'
