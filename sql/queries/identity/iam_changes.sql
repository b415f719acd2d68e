-- /// trailquery
-- title = "Changes to IAM"
-- question = "What was changed in IAM, or tried to be, by whom and on which user, role, group or policy?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098", "T1136.003"]
-- example = "trailquery run iam_changes --actor ci-deploy --on user/deploy2"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only by this user, role, role/session, ARN, principal id or access key; empty is everyone but AWS"
--
-- [params.on]
-- type = "text"
-- default = ""
-- about = "Only on what has this text in it, such as user/deploy2 or AdministratorAccess; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The user, role, group, policy or device; + attached, - detached"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- session_id = "One issued credential set: the same for all keys of one console session"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id,
    session_id, event_id
FROM management_events
WHERE
    service = 'iam'
    AND access = 'write'
    AND NOT is_aws_call
    AND ($on = '' OR contains(target, $on))
    AND (
        $actor = ''
        OR $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id
        )
    )
ORDER BY event_time, event_id
