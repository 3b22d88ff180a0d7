-- quantity: bytes_egressed
-- witness: flowed
-- unit: byte
-- bound: below
-- streams: network flow logs
-- assumes: Accepted flows from a private address to a public one. Flows are sampled; where the record states the rate, bytes are scaled by it.
SELECT provider, account, resource, '' AS container, date_trunc('hour', from_time) AS from_time, date_trunc('hour', from_time) + INTERVAL '1' HOUR AS until_time,
       CAST(sum(CAST(CAST(bytes AS DOUBLE) * 1000000 / greatest(sampling_ppm, 1) AS DECIMAL(38, 6))) AS DOUBLE) AS value, 'below' AS bound
FROM flows
WHERE accepted AND src_private AND NOT dst_private AND direction <> 'ingress' AND resource <> ''
GROUP BY provider, account, resource, date_trunc('hour', from_time)
