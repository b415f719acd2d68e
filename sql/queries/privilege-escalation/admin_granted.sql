-- /// trailquery
-- title = "Administrator rights given"
-- question = "Who gave administrator rights, by AdministratorAccess, IAMFullAccess or a policy that allows everything or all of IAM?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1098.003"]
-- why = "Whoever holds the user, group, role or permission set can now do everything. Harmless where it is a known administrator set up by the known pipeline; cdk bootstrap gives them to the role of CloudFormation, once for each account and region."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run admin_granted"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "Who got them, and the policy: + added"
-- rights = "AdministratorAccess, IAMFullAccess, or own policy: a document with Allow * on *"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH own_policies AS (
    SELECT event_id
    FROM policy_statements
    WHERE policy_kind = 'identity' AND is_iam_admin
),

grants AS (
    SELECT
        *, CASE
            WHEN event_id IN (SELECT own_policies.event_id FROM own_policies) THEN 'own policy'
            WHEN regexp_matches(action, '^(iam|sso):Attach')
                THEN regexp_extract(
                    request, ':iam::aws:policy/(AdministratorAccess|IAMFullAccess)"', 1
                )
        END AS rights
    FROM events
)

SELECT
    event_time, actor, client_ip, client, action, target, rights, outcome, error_code, account_id,
    region, event_id
FROM grants
WHERE
    rights <> ''
    AND NOT is_service_linked(role_arn)  -- Identity Center itself
ORDER BY event_time, event_id
