-- /// trailquery
-- title = "Why a deployment failed"
-- question = "What went wrong first for this role, session or user, and how much had worked before?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run deploy_failure terraform-apply --since 2024-03-01T10:00"
--
-- [params.who]
-- type = "text"
-- about = "The user, role, role/session, ARN, principal id, access key or session id that deploys; what CloudFormation does in its name counts"
--
-- [params.include_usual]
-- type = "boolean"
-- default = false
-- about = "Also what every deployment meets: reads of what is not there, throttling, dry runs"
--
-- [columns]
-- event_time = "When the call failed (UTC), the first failure first"
-- actor = "The caller, readable: user, role/session"
-- action = "The call, service:api"
-- target = "What it was aimed at"
-- error_class = "Why, in one word"
-- error_code = "The service's code for it"
-- permission = "The permission that was missing, as the message names it: iam:PassRole behind ec2:RunInstances"
-- resource = "What it was missing on, as the message names it"
-- because = "Which kind of policy said no"
-- error_message = "The whole message"
-- changes_before = "Changes of the same session that had worked by then; 0: it failed at once"
-- invoked_by = "The service that called in its name, such as cloudformation.amazonaws.com"
-- session_id = "The session; see: trailquery run timeline_session"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, action, target, error_class, error_code, denied_action AS permission,
    denied_resource AS resource, denied_by AS because, error_message,
    (
        SELECT count(*)
        FROM events
        WHERE
            events.session_id = api_errors.session_id
            AND events.event_time <= api_errors.event_time
            AND events.access = 'write'
            AND events.outcome = 'success'
    ) AS changes_before,
    invoked_by, session_id, account_id, region, event_id
FROM api_errors
WHERE
    $who IN (
        actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
        access_key_id, session_id
    )
    AND ($include_usual OR NOT is_usual)
ORDER BY event_time, event_id
