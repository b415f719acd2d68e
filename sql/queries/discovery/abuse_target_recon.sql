-- /// trailquery
-- title = "What could be abused was looked up"
-- question = "Who looked up what the account could be abused for: mail, text messages, models, quotas, sister accounts, what it spends?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1526", "T1580"]
-- example = "trailquery run abuse_target_recon --min-kinds 2"
--
-- [params.min_kinds]
-- type = "integer"
-- default = 1
-- about = "Kinds of abuse looked up, at or above which a session is listed; two and more are seldom chance"
--
-- [columns]
-- first_seen = "First such call of the session in scope (UTC)"
-- last_seen = "Last such call (UTC)"
-- actor = "Who asked"
-- client_ips = "From which addresses, sorted"
-- user_agents = "With which clients, sorted; forgeable"
-- kinds = "mail, text messages, models, quotas, organization, costs (of these, only the first day of an identity, and none that the console asks): sorted"
-- actions = "What was asked, sorted"
-- calls = "Number of calls"
-- denied = "Of these, refused"
-- regions = "In which regions, sorted"
-- account_id = "The account"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_ids = "The calls, sorted"
-- ///
SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, actor,
    set_of(client_ip) AS client_ips, set_of(user_agent) AS user_agents,
    set_of(abuse_kind) AS kinds, set_of(action) AS actions,
    count(*) AS calls, count(*) FILTER (WHERE outcome = 'denied') AS denied,
    set_of(region) AS regions, account_id, session_id, list_sort(list(event_id)) AS event_ids
FROM abuse_lookups
GROUP BY actor, principal_key, account_id, session_id
HAVING count(DISTINCT abuse_kind) >= $min_kinds
ORDER BY first_seen, actor, account_id, session_id
