-- /// trailquery
-- title = "Events of a CIS monitoring control"
-- question = "Which events does this CIS AWS Foundations monitoring control ask to be told of?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run cis_events 4.5"
--
-- [params.control]
-- type = "choice"
-- choices = ["4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8", "4.9", "4.10", "4.11", "4.12", "4.13", "4.14", "4.15"]
-- about = "The control; see: trailquery run cis_monitoring"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session, root"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "The call, service:api"
-- target = "What it was aimed at"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, target, outcome, error_code, account_id, region, event_id
FROM cis_events
WHERE control = $control
ORDER BY event_time, event_id
