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
WITH failures AS (
    SELECT *
    FROM api_errors
    WHERE
        $who IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id, session_id
        )
        AND (
            $include_usual
            OR NOT (
                error_class IN ('throttled', 'dry-run')
                OR (error_class = 'not-found' AND access = 'read')
            )
        )
),

worked AS (
    SELECT failures.event_id, failures.account_id, count(*) AS changes
    FROM failures INNER JOIN events
        ON failures.session_id = events.session_id AND failures.event_time >= events.event_time
    WHERE events.access = 'write' AND events.outcome = 'success'
    GROUP BY failures.event_id, failures.account_id
)

SELECT
    failures.event_time, failures.actor, failures.action, failures.target, failures.error_class,
    failures.error_code, failures.denied_action AS permission, failures.denied_resource AS resource,
    failures.denied_by AS because, failures.error_message,
    coalesce(worked.changes, 0) AS changes_before,
    failures.invoked_by, failures.session_id, failures.account_id, failures.region,
    failures.event_id
FROM failures LEFT JOIN worked
    ON
        failures.event_id = worked.event_id
        AND failures.account_id IS NOT DISTINCT FROM worked.account_id
ORDER BY failures.event_time, event_id
