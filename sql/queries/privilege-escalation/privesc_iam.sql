-- /// trailquery
-- title = "Rights raised through IAM"
-- question = "Who used an IAM call that can raise rights: policy, group, key, password, trust or boundary?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098.001", "T1098.003", "T1548.005"]
-- example = "trailquery run privesc_iam --self-only"
--
-- [params.self_only]
-- type = "boolean"
-- default = false
-- about = "Only calls on the caller's own user or role"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The user, role, group or policy, and what was attached: + added"
-- on_self = "The target is the caller's own user or role"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, on_self, outcome, error_code, account_id,
    event_id
FROM rights_raised
WHERE on_self OR NOT $self_only
ORDER BY event_time, event_id
