-- /// trailquery
-- title = "Access to the logs themselves"
-- question = "Who read, listed, changed or deleted what lies in the bucket that holds the logs, or the bucket itself?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1654", "T1530", "T1565.001"]
-- example = "trailquery run log_bucket_access --bucket trail-logs"
--
-- [params.bucket]
-- type = "text"
-- default = ""
-- about = "The bucket; empty is every one that a trail was given, or that CloudTrail delivers to"
--
-- [columns]
-- first_seen = "The first such call (UTC)"
-- last_seen = "The last such call (UTC)"
-- actor = "The caller, readable: user, role/session; what AWS itself does is left out"
-- client_ips = "Addresses it came from, sorted"
-- action = "The call, service:api; calls on objects are seen only if a trail records them"
-- bucket = "The bucket"
-- outcome = "success, denied, error or dry-run"
-- calls = "How many calls"
-- objects = "How many different objects"
-- bytes_out = "Bytes sent to the caller"
-- account_id = "The account that recorded it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, actor,
    set_of(client_ip) AS client_ips, action, bucket, outcome,
    count(*) AS calls, count(DISTINCT object_key) AS objects,
    coalesce(sum(bytes_out), 0)::BIGINT AS bytes_out, account_id,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    service = 's3'
    AND NOT is_aws_call
    AND (
        bucket = $bucket
        OR ($bucket = '' AND 's3://' || bucket IN (SELECT log_stores.store FROM log_stores))
    )
GROUP BY actor, principal_key, action, bucket, outcome, account_id
ORDER BY first_seen, actor, action, bucket, outcome, account_id, event_ids
