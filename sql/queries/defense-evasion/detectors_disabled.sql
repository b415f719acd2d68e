-- /// trailquery
-- title = "Detection switched off"
-- question = "Was GuardDuty, Security Hub, Config, Macie, Inspector, Detective, Access Analyzer or Security Incident Response switched off or cut off?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1562.001"]
-- why = "The detector sees nothing from then on, in that region or for that member account. Harmless where the security team moves it to another account or region."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run detectors_disabled"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The detector, hub, recorder, graph or analyzer"
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
WHERE defense = 'detector'
ORDER BY event_time, event_id
