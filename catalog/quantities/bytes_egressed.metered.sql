-- quantity: bytes_egressed
-- witness: metered
-- unit: byte
-- bound: above
-- streams: Egress
-- assumes: Egress counts every byte that left the account, within the region too.
SELECT provider, account, resource, '' AS container, from_time, until_time, total AS value,
       CASE WHEN whole THEN 'above' ELSE 'neither' END AS bound
FROM meter_totals WHERE metric = 'Egress'
