-- Where unread byte ranges lie in time, as far as their neighbours tell.
SELECT provider, account, resource, kind, log_name AS stream, from_time, until_time, count(*) AS ranges, sum(length) AS bytes
FROM unread WHERE kind <> 'unknown'
GROUP BY provider, account, resource, kind, log_name, from_time, until_time
