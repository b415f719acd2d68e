-- /// trailquery
-- title = "Trail's log bucket or key weakened"
-- question = "Was the log bucket or key of a trail deleted, emptied, left to expire, closed to CloudTrail, or the bucket left without its policy, encryption, versions, replica or public access block?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1562.008", "T1070"]
-- why = "The records that are there can be lost, or new ones not delivered. Harmless where the trail is being retired: then it was deleted before, and nothing after that is shown."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run trail_storage_weakened"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The bucket, object or key"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events INNER JOIN log_stores ON coalesce('s3://' || bucket, target) = store
WHERE
    (action IN (
        'kms:DisableKey', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 's3:DeleteBucket',
        's3:DeleteBucketEncryption', 's3:DeleteBucketPolicy', 's3:DeleteBucketPublicAccessBlock',
        's3:DeleteBucketReplication', 's3:DeleteObject', 's3:DeleteObjects', 's3:PutBucketPolicy',
        's3:PutBucketLifecycle', 's3:PutBucketPublicAccessBlock', 's3:PutBucketVersioning'
    )) IS TRUE
    AND event_time <= coalesce(released_at, event_time)
    AND NOT (action = 's3:PutBucketVersioning' AND contains(coalesce(request, ''), '"Enabled"'))
    AND coalesce(api <> 'PutBucketPublicAccessBlock' OR contains(request, 'false'), TRUE)
    AND coalesce(
        action <> 's3:PutBucketLifecycle' OR expires_in_days(request, event_time, FALSE) < 100,
        request IS NULL
    )
    AND event_id NOT IN (  -- policies that let CloudTrail write, and shut nobody out for good
        SELECT event_id FROM policy_statements GROUP BY event_id
        HAVING
            bool_or(effect = 'Allow' AND list_contains(principals, 'cloudtrail.amazonaws.com'))
            AND NOT bool_or(effect = 'Deny' AND conditions IS NULL)
    )
ORDER BY event_time, event_id
