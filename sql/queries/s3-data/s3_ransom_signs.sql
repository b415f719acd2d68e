-- /// trailquery
-- title = "Signs of ransom or wipe in a bucket"
-- question = "Did someone encrypt objects with a key outside our control, leave a note, or wipe a bucket after taking away its ways back?"
-- category = "any"
-- kind = "finding"
-- severity = "critical"
-- mitre = ["T1486", "T1485", "T1485.001", "T1490"]
-- why = "Objects re-encrypted with a key that only the caller or another account holds are lost, and a note says who wants money. A mass delete, versioning off or expiry within a few days are ordinary alone: it takes two of them by one caller in one bucket. Harmless where an application of yours is known to use customer-provided keys, or the other account is yours (list it in [accounts])."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run s3_ransom_signs --min-deletes 500"
--
-- [params.min_encrypted]
-- type = "integer"
-- default = 5
-- about = "Objects written with a foreign or customer-provided key, at or above which that is a sign"
--
-- [params.min_deletes]
-- type = "integer"
-- default = 100
-- about = "Delete calls, at or above which they are a sign; DeleteObjects takes up to 1,000 objects a call"
--
-- [params.max_days]
-- type = "integer"
-- default = 7
-- about = "Days after which a new lifecycle rule expires objects, at or below which that is a sign"
--
-- [columns]
-- first_time = "When the first of the signs came (UTC)"
-- last_time = "When the last came (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- bucket = "The bucket"
-- signs = "What was done to it, sorted"
-- calls = "Calls behind it"
-- worked = "Of these, calls that worked"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, bucket, set_of(sign) AS signs,
    count(*) AS calls, count(*) FILTER (WHERE outcome = 'success') AS worked,
    session_id, list_sort(list(event_id)) AS event_ids
FROM ransom_signs
WHERE expires_in_days IS NULL OR expires_in_days <= $max_days
GROUP BY actor, session_id, account_id, bucket
HAVING
    -- one call to encrypt a bucket, and every new object has the foreign key
    bool_or(sign = 'note left' OR action = 's3:PutBucketEncryption')
    OR count(*) FILTER (WHERE starts_with(sign, 'encrypted')) >= $min_encrypted
    OR count(DISTINCT sign) FILTER (WHERE sign <> 'objects deleted')
    + (count(*) FILTER (WHERE sign = 'objects deleted') >= $min_deletes)::INTEGER >= 2
ORDER BY first_time, bucket, actor, session_id
