-- /// trailquery
-- title = "Addresses that GuardDuty shall trust"
-- question = "Who had GuardDuty trust a list of addresses or domains, and where does the list lie?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1562.001"]
-- why = "GuardDuty tells nothing of what comes from a trusted address, so that a thief puts his own on a list; Pacu has a module for it. Harmless when the security team lists offices or scanners: read the list."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run addresses_trusted"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The list"
-- location = "Where the list lies, mostly in a bucket; NULL where the call does not tell"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region of the detector"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    json_extract_string(request, '$.location') AS location,
    outcome, error_code, account_id, region, event_id
FROM events
WHERE
    (action IN (
        'guardduty:CreateIPSet', 'guardduty:CreateTrustedEntitySet', 'guardduty:UpdateIPSet',
        'guardduty:UpdateTrustedEntitySet'
    )) IS TRUE
    AND json_extract_string(request, '$.activate') IS DISTINCT FROM 'false'
    AND NOT is_aws_call
ORDER BY event_time, event_id
