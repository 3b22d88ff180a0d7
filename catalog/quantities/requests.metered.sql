-- quantity: requests
-- witness: metered
-- unit: 1
-- bound: both
-- streams: Transactions
-- assumes: Every request is counted, refused ones too.
SELECT provider, account, resource, '' AS container, from_time, until_time, total AS value,
       CASE WHEN whole THEN 'both' ELSE 'below' END AS bound
FROM meter_totals WHERE metric IN ('Transactions', 'api/request_count')
UNION ALL
SELECT provider, account, resource, '', from_time, until_time, requests, CASE WHEN whole THEN 'both' ELSE 'below' END
FROM s3_meter
