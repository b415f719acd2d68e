-- /// trailquery
-- title = "Tampering with the trail"
-- question = "Was CloudTrail stopped, deleted, narrowed, left without Insights, or given another log bucket or key?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1562.008"]
-- why = "What happens after it leaves no record. Harmless where a trail is being retired and another one records the same; that is for whoever runs the trails to confirm."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run trail_tampering"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The trail, event data store or channel"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM impaired_defenses
WHERE defense = 'trail'
ORDER BY event_time, event_id
