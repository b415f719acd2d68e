-- /// trailquery
-- title = "Region enabled"
-- question = "Who enabled an AWS region that was off, or tried to?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1535"]
-- why = "A region nobody uses has no detectors and no one looking. Harmless, and rare, where a team needs the region."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run region_enabled"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The region"
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
WHERE action = 'account:EnableRegion'
ORDER BY event_time, event_id
