-- /// trailquery
-- title = "Objects used without credentials or by link"
-- question = "Which objects were read or written by anyone, without credentials, or through a pre-signed link?"
-- category = "data"
-- kind = "lead"
-- mitre = ["T1530"]
-- example = "trailquery run s3_anonymous --how anonymous"
--
-- [params.how]
-- type = "choice"
-- choices = ["any", "anonymous", "link"]
-- default = "any"
-- about = "anonymous: no credentials; link: signed into a URL, in the name of who made it"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- how = "anonymous or link"
-- actor = "anonymous, or who made the link"
-- client_ip = "The address it was used from"
-- bucket = "The bucket"
-- action = "The call, service:api"
-- objects = "Distinct objects named"
-- some_keys = "Up to ten of their keys, sorted"
-- bytes_out = "Bytes sent"
-- worked = "Calls that worked"
-- refused = "Calls that were refused or failed"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time,
    CASE WHEN presigned THEN 'link' ELSE 'anonymous' END AS how,
    actor, client_ip, bucket, action, count(DISTINCT object_key) AS objects,
    coalesce(set_of(object_key), [])[:10] AS some_keys,
    coalesce(sum(bytes_out), 0)::BIGINT AS bytes_out,
    count(*) FILTER (WHERE outcome = 'success') AS worked,
    count(*) FILTER (WHERE outcome <> 'success') AS refused, list_sort(list(event_id)) AS event_ids
FROM data_events
WHERE
    service = 's3'
    AND (presigned OR actor = 'anonymous')
    AND $how IN ('any', CASE WHEN presigned THEN 'link' ELSE 'anonymous' END)
GROUP BY presigned, actor, client_ip, bucket, action
ORDER BY first_time, how, bucket, action, client_ip, actor
