-- /// trailquery
-- title = "Bedrock agents and guardrails changed"
-- question = "Who changed agents, knowledge bases, guardrails, prompts or imported models of Bedrock, or their policies?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1565.001", "T1562.001"]
-- example = "trailquery run bedrock_tampering"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The agent, knowledge base, guardrail or model"
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
    (service IN ('bedrock', 'bedrock-agent', 'bedrock-agentcore')) IS TRUE
    AND category = 'management'
    AND access = 'write'
    AND access_level IS DISTINCT FROM 'tagging'
    AND NOT is_aws_call
ORDER BY event_time, event_id
