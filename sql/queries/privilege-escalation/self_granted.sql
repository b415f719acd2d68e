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
WITH trusted AS (
    SELECT event_id || ' ' || unnest(principals) AS event_and_principal
    FROM policy_statements
    WHERE action = 'iam:UpdateAssumeRolePolicy' AND effect = 'Allow'
)

SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events
WHERE
    (
        action IN (
            'iam:AddUserToGroup', 'iam:AttachRolePolicy', 'iam:AttachUserPolicy',
            'iam:DeleteRolePermissionsBoundary', 'iam:DeleteUserPermissionsBoundary',
            'iam:PutRolePermissionsBoundary', 'iam:PutRolePolicy',
            'iam:PutUserPermissionsBoundary', 'iam:PutUserPolicy', 'iam:UpdateAssumeRolePolicy'
        )
        AND split_part(target, ' +', 1) IN ('user/' || user_name, 'role/' || role_name)
        -- AWS quarantines a user whose key was found in public in that user's name
        AND NOT regexp_matches(
            coalesce(request, ''),
            '"policy(Arn|Name)" ?: ?"[^"]*AWS(CompromisedKeyQ|ExposedCredentialP)'
        )
    )
    OR event_id || ' ' || coalesce(role_arn, actor_arn) IN (
        SELECT event_and_principal FROM trusted
    )
ORDER BY event_time, event_id
