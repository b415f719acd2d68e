-- /// trailquery
-- title = "Database opened to the Internet"
-- question = "Which databases, search collections or Kafka clusters were made reachable from the Internet: by the public flag, or by a group of their own?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1133", "T1190"]
-- why = "A database with a public address is one firewall rule and one password away from everyone. Harmless while its security groups let nobody in: see security_group_changes."
-- next = "trailquery run timeline_resource {database}"
-- example = "trailquery run database_exposure"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "service:api: made, changed, restored, or a group opened"
-- database = "The database, cluster or workgroup, or the group or network policy that was opened"
-- opened_to = "public address, or the network let in"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region of the database"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, action, target AS database, opened_to, outcome, error_code,
    account_id, region, event_id
FROM database_openings
WHERE opened_to IS NOT NULL
ORDER BY event_time, event_id
