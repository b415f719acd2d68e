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
WITH marked AS (
    SELECT
        *,
        CASE
            WHEN api IN ('DeleteObject', 'DeleteObjects') THEN 'objects deleted'
            WHEN regexp_matches(request, '"Status" ?: ?"Suspended"') THEN 'versioning suspended'
            WHEN
                list_filter(
                    regexp_extract_all(request, 'Expiration" ?: ?\{[^{}]*?Days" ?: ?"?([0-9]+)', 1),
                    lambda days: try_cast(days AS INTEGER) BETWEEN 1 AND $max_days
                ) <> []
                THEN 'expires within days'
            WHEN contains(request, '"x-amz-server-side-encryption-customer-algorithm"')
                THEN 'encrypted with a customer-provided key'
            WHEN
                list_filter(resources, lambda named: named.type = 'AWS::KMS::Key')[1].account_id
                NOT IN (SELECT own_accounts.account_id FROM own_accounts)
                THEN 'encrypted with a key of another account'
            WHEN regexp_matches(
                object_key,
                '(?i)(ransom(note|[^a-z/])|files?.?(are.?)?(encrypted|deleted|stolen|locked)'
                || '|(how.?to|read.?me|help)[^/]*(decrypt|recover|restore)'
                || '|decrypt.?(instruct|your|files)|recover.?(your|my).?(files|data))'
                || '[^/]*\.(txt|html?|hta|md|rtf|note)$'
            ) THEN 'note left'
        END AS sign
    FROM events
    WHERE service = 's3' AND access = 'write' AND NOT is_aws_call
)

SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, bucket, set_of(sign) AS signs,
    count(*) AS calls, count(*) FILTER (WHERE outcome = 'success') AS worked,
    session_id, list_sort(list(event_id)) AS event_ids
FROM marked
WHERE sign IS NOT NULL
GROUP BY actor, session_id, account_id, bucket
HAVING
    -- one call to encrypt a bucket, and every new object has the foreign key
    bool_or(sign = 'note left' OR api = 'PutBucketEncryption')
    OR count(*) FILTER (WHERE starts_with(sign, 'encrypted')) >= $min_encrypted
    OR count(DISTINCT sign) FILTER (WHERE sign <> 'objects deleted')
    + (count(*) FILTER (WHERE sign = 'objects deleted') >= $min_deletes)::INTEGER >= 2
ORDER BY first_time, bucket, actor, session_id
