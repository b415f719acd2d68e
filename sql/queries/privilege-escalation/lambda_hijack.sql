-- /// trailquery
-- title = "Function code or layers replaced"
-- question = "Whose function code, layers or configuration were replaced, by whom, and for the first time by them?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1648", "T1525"]
-- example = "trailquery run lambda_hijack --first-only"
--
-- [params.first_only]
-- type = "boolean"
-- default = false
-- about = "Only the first such change of the function by this identity in all the lake holds"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The function or layer"
-- new_code = "Where the new code came from: image, s3://bucket/key, layers; NULL where it was sent with the call"
-- is_first = "The first such change of it by this identity in all the lake holds"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH replacements AS (
    SELECT
        *, row_number() OVER (
            PARTITION BY account_id, principal_key, target ORDER BY event_time, event_id
        ) = 1 AS is_first
    FROM history
    WHERE
        regexp_matches(action, '^lambda:(UpdateFunction(Code|Configuration)|PublishLayerVersion)$')
        AND NOT is_aws_call
)

SELECT
    event_time, actor, client_ip, client, action, target,
    coalesce(
        json_extract_string(request, '$.imageUri'),
        's3://' || array_to_string(json_extract_string(request, ['$.s3Bucket', '$.s3Key']), '/'),
        json_extract_string(request, '$.layers')
    ) AS new_code,
    is_first, outcome, error_code, account_id, region, event_id
FROM replacements
WHERE
    event_id IN (SELECT event_id FROM events)
    AND (is_first OR NOT $first_only)
ORDER BY event_time, event_id
