-- /// trailquery
-- title = "Objects copied or replicated to other accounts"
-- question = "Who copied objects to a bucket that is not ours, or had a bucket replicated to another account?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1537"]
-- why = "A copy inside S3 leaves no bytes on any network of yours, and a replication rule goes on by itself. Harmless where the other account belongs to you or a known partner: list yours in [accounts] of trailquery.toml."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run s3_copied_out"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- action = "The call, service:api"
-- bucket = "Where the objects go; of PutBucketReplication where they come from"
-- other_account = "The account that gets them"
-- objects = "Distinct objects written there"
-- outcomes = "success, denied, error: all that came, sorted"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
WITH copies AS (
    SELECT
        *,
        CASE api
            WHEN 'PutBucketReplication'
                THEN regexp_extract(request, '"Account" ?: ?"?([0-9]{12})', 1)
            ELSE list_filter(resources, lambda named: named.name = bucket)[1].account_id
        END AS other_account
    FROM events
    WHERE
        (action IN ('s3:CopyObject', 's3:UploadPartCopy', 's3:PutBucketReplication')) IS TRUE
        AND NOT is_aws_call
)

SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, action, bucket, other_account,
    count(DISTINCT object_key) AS objects, set_of(outcome) AS outcomes, session_id,
    list_sort(list(event_id)) AS event_ids
FROM copies
WHERE other_account <> '' AND other_account NOT IN (SELECT account_id FROM own_accounts)
GROUP BY actor, action, bucket, other_account, session_id
ORDER BY first_time, bucket, actor, session_id
