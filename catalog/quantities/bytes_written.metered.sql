-- quantity: bytes_written
-- witness: metered
-- unit: byte
-- bound: above
-- streams: Ingress
-- assumes: Ingress counts headers as well as bodies, and bodies of requests that failed.
SELECT provider, account, resource, '' AS container, from_time, until_time, total AS value,
       CASE WHEN whole THEN 'above' ELSE 'neither' END AS bound
FROM meter_totals WHERE metric = 'Ingress'
