-- /// trailquery
-- title = "Guardrails of AI models removed"
-- question = "Which guardrails of Bedrock were deleted, or are no longer enforced?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1562.001"]
-- why = "Prompts and answers pass unfiltered from then on: for whoever uses stolen access to the models, or an agent that shall do what it must not. Harmless where its application is taken down, or another guardrail takes over."
-- next = "trailquery run bedrock_tampering"
-- example = "trailquery run guardrails_removed"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The guardrail"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events
WHERE
    action IN ('bedrock:DeleteGuardrail', 'bedrock:DeleteEnforcedGuardrailConfiguration')
    AND NOT is_aws_call
ORDER BY event_time, event_id
