-- quantity: bytes_egressed
-- witness: metered
-- unit: byte
-- bound: above
-- streams: Egress
-- assumes: S3's BytesDownloaded counts bodies of failed requests and of listings too.
-- assumes: Egress counts every byte that left the account, within the region too.
SELECT provider, account, resource, '' AS container, from_time, until_time, total AS value,
       CASE WHEN whole THEN 'above' ELSE 'neither' END AS bound
FROM meter_totals WHERE metric IN ('Egress', 'network/sent_bytes_count')
UNION ALL
SELECT provider, account, resource, '', from_time, until_time, downloaded, CASE WHEN whole THEN 'above' ELSE 'neither' END
FROM s3_meter
