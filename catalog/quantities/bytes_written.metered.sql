-- quantity: bytes_written
-- witness: metered
-- unit: byte
-- bound: above
-- streams: Ingress
-- assumes: S3's BytesUploaded counts bodies of failed requests and of listings too.
-- assumes: Ingress counts headers as well as bodies, and bodies of requests that failed.
SELECT provider, account, resource, '' AS container, from_time, until_time, total AS value,
       CASE WHEN whole THEN 'above' ELSE 'neither' END AS bound
FROM meter_totals WHERE metric IN ('Ingress', 'network/received_bytes_count')
UNION ALL
SELECT provider, account, resource, '', from_time, until_time, uploaded, CASE WHEN whole THEN 'above' ELSE 'neither' END
FROM s3_meter
