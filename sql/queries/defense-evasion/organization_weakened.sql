-- /// trailquery
-- title = "Organization or its guard rails weakened"
-- question = "Did an account leave, was one removed or closed, a guard-rail policy or control taken away, or the hold on root of the members, or an administrator named?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1666", "T1562.001"]
-- why = "An account outside the organization, or without its service control policies, is outside every central control and log. Harmless in a planned move of accounts or policies."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run organization_weakened"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The account, policy or service"
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
    (action IN (
        'account:CloseAccount', 'billingconsole:CloseAccount', 'controltower:DeleteLandingZone',
        'controltower:DisableBaseline', 'controltower:DisableControl',
        'controltower:DisableGuardrail', 'iam:DisableOrganizationsRootCredentialsManagement',
        'iam:DisableOrganizationsRootSessions', 'organizations:CloseAccount',
        'organizations:DeleteOrganization', 'organizations:DeletePolicy',
        'organizations:DeregisterDelegatedAdministrator', 'organizations:DetachPolicy',
        'organizations:DisableAWSServiceAccess', 'organizations:DisablePolicyType',
        'organizations:LeaveOrganization', 'organizations:RegisterDelegatedAdministrator',
        'organizations:RemoveAccountFromOrganization'
    )) IS TRUE
    AND NOT is_aws_call
ORDER BY event_time, event_id
