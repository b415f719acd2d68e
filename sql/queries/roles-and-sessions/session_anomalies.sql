-- /// trailquery
-- title = "Odd sessions"
-- question = "Which sessions were used after they expired, asked for long, took their own role or the one before again, outlived their key, or are, or pretend to be, an instance's?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1550.001", "T1552.005"]
-- example = "trailquery run session_anomalies --max-hours 8"
--
-- [params.max_hours]
-- type = "integer"
-- default = 12
-- about = "Credentials asked for to last longer than this are odd"
--
-- [columns]
-- first_seen = "First such call in scope (UTC)"
-- last_seen = "Last such call (UTC)"
-- sign = "used after expiry: the record, its clock or the log is false; long-lived: outlasts a day's work and the deletion of its key; own role again: a role renews itself; back to the role before: two roles renew each other; its key was turned off: the long-term key, or the one that asked for the session, had been made inactive or deleted; IMDSv1: any page the instance fetches can leak its credentials; at a person's address: an instance's credentials where a user or root calls from, too; named like an instance: the name was chosen by a caller, not by EC2"
-- actor = "Who called"
-- client_ips = "From which addresses, sorted"
-- calls = "Number of such calls"
-- account_id = "The account that recorded the calls"
-- event_ids = "The calls, sorted"
-- ///
WITH signs AS (
    SELECT sign, event_id, account_id FROM session_signs
    UNION ALL
    SELECT 'long-lived' AS sign, event_id, account_id FROM credential_issuance
    WHERE duration_seconds > $max_hours * 3600
)

SELECT
    min(shown.event_time) AS first_seen, max(shown.event_time) AS last_seen,
    signs.sign, shown.actor, set_of(shown.client_ip) AS client_ips, count(*) AS calls,
    shown.account_id, list_sort(list(shown.event_id)) AS event_ids
FROM events AS shown
INNER JOIN signs ON shown.event_id = signs.event_id AND shown.account_id = signs.account_id
GROUP BY signs.sign, shown.actor, shown.account_id
ORDER BY first_seen, signs.sign, shown.actor, shown.account_id
