-- /// trailquery
-- title = "Buckets and objects opened to the public"
-- question = "Who gave everyone access to a bucket or its objects, by policy or ACL, or took the account's public access block away?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1530", "T1562.001"]
-- why = "What everyone may read is copied within hours; with write access it is replaced. Harmless for a bucket that is meant to be a public site; a block of public access still in force makes the grant void. Uploads that are public one by one, as sites are published, are left out; the block of a single bucket is in s3_public_block_removed."
-- next = "trailquery run s3_config_changes --bucket {bucket}"
-- example = "trailquery run s3_public_exposure"
--
-- [columns]
-- first_time = "When the first such call completed (UTC)"
-- last_time = "When the last one did (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- bucket = "The bucket; NULL of a whole account"
-- opened_by = "public policy, public ACL or account's public access block off"
-- calls = "Such calls: one for each object whose ACL was opened"
-- outcomes = "success, denied, error: all that came, sorted"
-- error_codes = "Why calls did not work, sorted"
-- account_id = "The account of the bucket"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, bucket, opened_by,
    count(*) AS calls, set_of(outcome) AS outcomes, coalesce(set_of(error_code), []) AS error_codes,
    account_id, list_sort(list(event_id)) AS event_ids
FROM public_openings
WHERE service = 's3' AND NOT is_aws_call
GROUP BY actor, bucket, opened_by, account_id
ORDER BY first_time, bucket, actor, opened_by
