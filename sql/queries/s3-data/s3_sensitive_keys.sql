-- /// trailquery
-- title = "Objects with telling names read"
-- question = "Who read objects whose names look like secrets, private keys, state files, dumps or backups?"
-- category = "data"
-- kind = "lead"
-- mitre = ["T1552.001", "T1530"]
-- example = "trailquery run s3_sensitive_keys --pattern '(?i)payroll|salar'"
--
-- [params.pattern]
-- type = "text"
-- default = '(?i)(secret|passw|credential|private.?key|id_(rsa|dsa|ecdsa|ed25519)|\.(pem|pfx|p12|ppk|jks|kdbx|tfstate|env|ovpn|bak|dump|sql)(\.|$)|(^|/)\.(aws|ssh|git)/|backup|dump)'
-- about = "Regular expression (RE2) that the object's key holds"
--
-- [columns]
-- first_time = "The first of these reads (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session, anonymous"
-- client_ips = "The caller's addresses, sorted"
-- bucket = "The bucket"
-- objects = "Distinct objects that match"
-- some_keys = "Up to ten of their keys, sorted"
-- bytes_out = "Bytes sent to the caller"
-- worked = "Calls that worked"
-- refused = "Calls that were refused or failed"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    coalesce(set_of(client_ip), []) AS client_ips, bucket, count(DISTINCT object_key) AS objects,
    set_of(object_key)[:10] AS some_keys, coalesce(sum(bytes_out), 0)::BIGINT AS bytes_out,
    count(*) FILTER (WHERE outcome = 'success') AS worked,
    count(*) FILTER (WHERE outcome <> 'success') AS refused, session_id,
    list_sort(list(event_id)) AS event_ids
FROM data_events
WHERE
    (action IN ('s3:GetObject', 's3:SelectObjectContent', 's3:GetObjectTorrent')) IS TRUE
    AND NOT is_aws_call
    AND regexp_matches(object_key, $pattern)
GROUP BY actor, bucket, session_id
ORDER BY first_time, bucket, actor, session_id
