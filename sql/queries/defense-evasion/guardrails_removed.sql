-- /// trailquery
-- title = "Guardrails of AI models removed or weakened"
-- question = "Which guardrails of Bedrock were deleted, lost a policy, let a kind of text through, or are no longer enforced, or not for every model and text?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1562.001"]
-- why = "Prompts and answers pass unfiltered from then on: for whoever uses stolen access to the models, or an agent that shall do what it must not. Harmless where its application is taken down, another guardrail takes over, or it was so before: an update sends the whole guardrail, of which the record hides some."
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
WITH settings AS (  -- an update sends the whole guardrail anew
    SELECT
        *, regexp_extract_all(request, '"(\w+PolicyConfig)": ?\{', 1) AS policies,
        coalesce('guardrail/' || json_extract_string(response, '$.guardrailId'), target) AS guard,
        lag(policies) OVER (
            PARTITION BY account_id, region, guard ORDER BY event_time, event_id
        ) AS earlier
    FROM history
    WHERE
        (action IN ('bedrock:CreateGuardrail', 'bedrock:UpdateGuardrail')) IS TRUE
        AND outcome = 'success'
)

SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events
WHERE
    NOT is_aws_call
    AND (
        event_id IN (SELECT event_id FROM impaired_defenses WHERE defense = 'guardrail')
        OR event_id IN (SELECT event_id FROM settings WHERE NOT list_has_all(policies, earlier))
    )
ORDER BY event_time, event_id
