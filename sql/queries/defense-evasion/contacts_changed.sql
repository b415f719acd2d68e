-- /// trailquery
-- title = "Account's e-mail or contacts changed"
-- question = "Who changed the e-mail address of root, or whom AWS writes to about security, billing and operations, or calls when Shield sees an attack?"
-- category = "any"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1098"]
-- why = "AWS sends abuse and exposed-key notices, and root's password reset, to these addresses; changed, they go to someone else. Harmless in a roll-out of contacts to all accounts."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run contacts_changed"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- contact = "What was changed: e-mail of root, address, the SECURITY, BILLING or OPERATIONS contact, or emergency: of Shield"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action,
    CASE
        WHEN contains(api, 'Email') THEN 'e-mail of root'
        WHEN regexp_matches(api, 'AlternateContact|AdditionalContacts')
            THEN coalesce(
                nullif(regexp_extract(request, '(?i)"alternateContactType" ?: ?"(\w+)"', 1), ''),
                'SECURITY, BILLING or OPERATIONS'
            )
        WHEN service = 'shield' THEN 'emergency'
        ELSE 'address'
    END AS contact,
    outcome, error_code, account_id, region, event_id
FROM events
WHERE
    (action IN (
        'account:AcceptPrimaryEmailUpdate', 'account:DeleteAlternateContact',
        'account:PutAlternateContact', 'account:PutContactInformation',
        'account:StartPrimaryEmailUpdate', 'billingconsole:SetAdditionalContacts',
        'billingconsole:SetContactAddress', 'shield:UpdateEmergencyContactSettings',
        'signin:EmailUpdated'
    )) IS TRUE
ORDER BY event_time, event_id
