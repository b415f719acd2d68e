-- /// trailquery
-- title = "Permissions boundary removed"
-- question = "Which permissions boundaries were taken away, or replaced by a policy that allows everything?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1098.003", "T1548.005"]
-- why = "A boundary is what keeps a delegated administrator or pipeline from raising its own rights; without it every policy counts in full. Harmless where the platform team retires it."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run permission_boundaries"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The user, role or permission set"
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
    action IN (
        'iam:DeleteRolePermissionsBoundary', 'iam:DeleteUserPermissionsBoundary',
        'sso:DeletePermissionsBoundaryFromPermissionSet'
    )
    OR (
        action IN (
            'iam:PutRolePermissionsBoundary', 'iam:PutUserPermissionsBoundary',
            'sso:PutPermissionsBoundaryToPermissionSet'
        )
        AND regexp_matches(request, ':iam::aws:policy/(AdministratorAccess|IAMFullAccess)"')
    )
ORDER BY event_time, event_id
