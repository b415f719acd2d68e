-- /// trailquery
-- title = "Rights given to oneself"
-- question = "Who changed the policies, groups or boundary of their own user or role, or made a role trust them?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1098.003", "T1548.005"]
-- why = "People and pipelines get their rights from someone else; who raises their own is escaping their limits. A role that keeps its own policies in Terraform does it too, always in the same way."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run self_granted"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The caller's own user or role, and what was attached: + added; or the role that trusts them"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM rights_raised
WHERE
    (
        on_self
        AND kind IN ('policy', 'group', 'boundary', 'trust', 'denial')
        -- AWS quarantines a user whose key was found in public in that user's name
        AND NOT coalesce(
            regexp_matches(request, '"policyArn" ?: ?"arn:[a-z-]+:iam::aws:policy/AWSCompromised')
            OR (
                regexp_matches(request, '"policyName" ?: ?"AWSExposedCredentialPolicy')
                AND NOT contains(request, 'Allow')
            ),
            FALSE
        )
    )
    OR (event_id, coalesce(role_arn, actor_arn)) IN (
        SELECT policies.event_id, unnest(policies.principals)
        FROM policy_statements AS policies
        WHERE policies.effect = 'Allow'
    )
ORDER BY event_time, event_id
