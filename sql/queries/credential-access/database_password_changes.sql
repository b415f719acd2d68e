-- /// trailquery
-- title = "Password of a database reset, or another way to sign in to it opened"
-- question = "Who reset the master password of a database or search domain, or of a user of a cache or directory, or let IAM identities, the Data API or anybody without a password into one?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1098"]
-- why = "Whoever sets the master password reads the whole database, and shuts out who knew the old one; IAM sign-in and the Data API come beside the password, the latter from outside the network. Harmless as a planned rotation, which Secrets Manager mostly does by itself, or where Terraform holds the password."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run database_password_changes"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who reset it"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "The database, cluster, user or directory"
-- way = "password, no password (none is asked for any more), IAM sign-in or Data API"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, way, outcome, error_code, account_id,
    region, event_id
FROM database_openings
WHERE way IS NOT NULL AND NOT is_aws_call
ORDER BY event_time, event_id
