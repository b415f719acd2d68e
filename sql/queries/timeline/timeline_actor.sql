-- /// trailquery
-- title = "Timeline of an identity"
-- question = "What did this identity do, in order, and did each call work?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run timeline_actor ci-deploy --since 2024-03-01"
--
-- [params.actor]
-- type = "text"
-- about = "User, role, role/session, ARN, principal id, access key, service, or account:root"
--
-- [params.writes_only]
-- type = "boolean"
-- default = false
-- about = "Leave out reads"
--
-- [params.include_aws]
-- type = "boolean"
-- default = false
-- about = "Also what AWS services did in the identity's name; a service asked for by name is always shown"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session, service"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What the call was aimed at"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- session_id = "One issued credential set: the same for all keys of one console session"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    session_id, event_id
FROM events
WHERE
    $actor IN (
        actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name, access_key_id
    )
    AND (access = 'write' OR NOT $writes_only)
    AND (NOT is_aws_call OR identity_type = 'AWSService' OR $include_aws)
ORDER BY event_time, event_id
