-- /// trailquery
-- title = "What was changed"
-- question = "What was really changed (writes that worked, not by AWS itself), by whom and with what?"
-- category = "management"
-- kind = "question"
-- mitre = []
-- example = "trailquery run changes --actor ci-deploy --service iam"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id or access key; empty is everyone but AWS"
--
-- [params.service]
-- type = "text"
-- default = ""
-- about = "Only this service, such as iam; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What was changed; + added, - removed, ~ changed"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- session_id = "One issued credential set: the same for all keys of one console session"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, account_id, region, session_id, event_id
FROM changes
WHERE
    $service IN ('', service)
    AND (
        $actor = ''
        OR $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id
        )
    )
ORDER BY event_time, event_id
