-- /// trailquery
-- title = "Refused calls"
-- question = "Which calls were refused, which permission was missing on what, and which policy said no, where the credentials were good (else: errors --class auth-failed)?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1526"]
-- example = "trailquery run access_denied --actor deploy --service s3"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id or access key; empty is everyone, AWS too"
--
-- [params.service]
-- type = "text"
-- default = ""
-- about = "Only this service, such as s3; empty is all"
--
-- [columns]
-- event_time = "When the call was refused (UTC)"
-- actor = "The caller, readable: user, role/session, service"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "The call, service:api"
-- permission = "The permission that was missing, as the message names it; else NULL"
-- resource = "What it was missing on, as the message names it; else the target of the call"
-- because = "Which kind of policy said no, and whether by a missing allow or an explicit deny; unstated, encoded"
-- error_code = "The service's code for it"
-- error_message = "The whole message"
-- invoked_by = "The service that called in the caller's name, such as cloudformation.amazonaws.com"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, denied_action AS permission,
    coalesce(denied_resource, target) AS resource,
    denied_by AS because, error_code, error_message, invoked_by, account_id, region, event_id
FROM api_errors
WHERE
    error_class = 'denied'
    AND $service IN ('', service)
    AND (
        $actor = ''
        OR $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id
        )
    )
ORDER BY event_time, event_id
