-- quantity: bytes_stored
-- witness: listed
-- unit: byte
-- bound: below
-- streams: inventory
-- assumes: Objects as of the listing; it stands for the day on which it was taken. Rules and prefixes may omit containers.
SELECT provider, '' AS account, resource, container,
       date_trunc('day', taken_from) AS from_time, date_trunc('day', taken_from) + INTERVAL '1' DAY AS until_time,
       CAST(sum(bytes) AS DOUBLE) AS value, 'below' AS bound
FROM inventory WHERE taken_from IS NOT NULL AND resource <> ''
  AND taken_from = (SELECT max(l.taken_from) FROM listings l WHERE l.resource = inventory.resource
                    AND date_trunc('day', l.taken_from) = date_trunc('day', inventory.taken_from))
GROUP BY provider, resource, container, date_trunc('day', taken_from)
