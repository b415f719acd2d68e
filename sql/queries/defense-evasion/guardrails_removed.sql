-- /// trailquery
-- title = "Guardrails of AI models removed or weakened"
-- question = "Which guardrails of Bedrock were deleted, let a kind of text through, or are no longer enforced, or not for every model and text?"
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
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events
WHERE
    NOT is_aws_call
    AND (
        action IN ('bedrock:DeleteGuardrail', 'bedrock:DeleteEnforcedGuardrailConfiguration')
        OR (
            action = 'bedrock:UpdateGuardrail'
            AND regexp_matches(
                request,
                '"(inputStrength|(input|output)?[aA]ction)" ?: ?"NONE"'
                || '|"(input|output)Enabled" ?: ?false|"filtersConfig" ?: ?\[ ?\]'
            )
        )
        OR (
            action = 'bedrock:PutEnforcedGuardrailConfiguration'
            AND contains(request, '"configId"')  -- one that is enforced already
            AND regexp_matches(
                request, '"excludedModels" ?: ?\[ ?"|: ?"SELECTIVE"|"inputTags" ?: ?"HONOR"'
            )
        )
    )
ORDER BY event_time, event_id
