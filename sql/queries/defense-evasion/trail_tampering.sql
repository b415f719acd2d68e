-- /// trailquery
-- title = "Tampering with the trail"
-- question = "Was CloudTrail stopped, deleted, narrowed or redirected, or its log bucket or key changed?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1562.008"]
-- example = "trailquery run trail_tampering --worked-only"
--
-- [params.worked_only]
-- type = "boolean"
-- default = false
-- about = "Leave out attempts that were refused or failed"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The trail, event data store, bucket or key"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH trail_stores AS (  -- buckets and keys that a trail was given, or that CloudTrail itself writes with
    SELECT DISTINCT unnest(resources) AS store
    FROM history
    WHERE
        (service = 'cloudtrail' AND api IN ('CreateTrail', 'UpdateTrail'))
        OR (actor = 'cloudtrail.amazonaws.com' AND service IN ('s3', 'kms'))
),

store_names AS (
    SELECT list(DISTINCT store.name) AS names
    FROM trail_stores
    WHERE store.type IN ('AWS::S3::Bucket', 'AWS::KMS::Key')
)

SELECT
    event_time,
    actor,
    client_ip,
    client,
    action,
    target,
    outcome,
    error_code,
    account_id,
    region,
    event_id
FROM events
WHERE
    (outcome = 'success' OR NOT $worked_only)
    AND (
        action IN (
            'cloudtrail:StopLogging', 'cloudtrail:DeleteTrail', 'cloudtrail:UpdateTrail',
            'cloudtrail:PutEventSelectors', 'cloudtrail:PutInsightSelectors',
            'cloudtrail:PutEventConfiguration', 'cloudtrail:StopEventDataStoreIngestion',
            'cloudtrail:UpdateEventDataStore', 'cloudtrail:DeleteEventDataStore',
            'cloudtrail:DeregisterOrganizationDelegatedAdmin'
        )
        OR (
            service IN ('s3', 'kms')
            AND access = 'write'
            AND NOT is_aws_call
            AND NOT regexp_matches(api, '^Create|Tag')  -- setting up, labelling
            AND list_has_any(
                list_transform(resources, lambda named: named.name),
                (SELECT names FROM store_names)
            )
        )
    )
ORDER BY event_time, event_id
