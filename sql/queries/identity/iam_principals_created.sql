-- /// trailquery
-- title = "Users, roles and groups made or deleted"
-- question = "Which users, roles or groups were created or deleted, or tried to be, by whom and with what tool?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1136.003", "T1531"]
-- example = "trailquery run iam_principals_created --outside-iac"
--
-- [params.outside_iac]
-- type = "boolean"
-- default = false
-- about = "Leave out Terraform, CloudFormation and the like"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api; identitystore and sso-directory are those of Identity Center"
-- target = "The user, role or group"
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
    (service IN ('iam', 'identitystore', 'sso-directory')) IS TRUE
    AND regexp_full_match(api, '(Create|Delete)(User|Group|(ServiceLinked)?Role)')
    AND (client IS DISTINCT FROM 'iac' OR NOT $outside_iac)
ORDER BY event_time, event_id
