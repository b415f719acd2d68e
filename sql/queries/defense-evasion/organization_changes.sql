-- /// trailquery
-- title = "Changes of the organization"
-- question = "What changed in the organization: accounts, units, policies, invitations, delegations, regions?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1666", "T1535"]
-- example = "trailquery run organization_changes"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The account, unit, policy, invitation, service or region"
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
    (
        (service = 'organizations' AND access_level <> 'tagging')
        OR action IN (
            'account:CloseAccount', 'account:DisableRegion', 'account:EnableRegion',
            'account:PutAccountName', 'billingconsole:CloseAccount'
        )
    )
    AND access = 'write'
    AND NOT is_aws_call
ORDER BY event_time, event_id
