-- /// trailquery
-- title = "What an instance did"
-- question = "What did this instance do with its role, and what of that had its role never done before?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004", "T1580"]
-- example = "trailquery run host_activity i-0123456789abcdef0 --since 2024-03-01"
--
-- [params.instance]
-- type = "text"
-- about = "The instance id; of other hosts the session name: the function's name, the task's id"
--
-- [columns]
-- first_seen = "First such call of the instance in scope (UTC)"
-- last_seen = "Last such call (UTC)"
-- role = "The role it acted as"
-- action = "The call, service:api"
-- calls = "Number of calls"
-- failed = "Of these, refused or failed"
-- client_ips = "From which addresses, sorted: credentials that left the instance call from elsewhere"
-- user_agents = "With which clients, sorted"
-- targets = "At most ten of what it was aimed at, sorted"
-- role_did_since = "The first such call of the role by any of its sessions held (UTC)"
-- is_new = "No session of the role made it before the scope, as far as the lake reaches back"
-- account_id = "The account that was acted on"
-- ///
WITH known AS (
    SELECT principal_key, action, min(event_time) AS role_did_since
    FROM history
    WHERE
        principal_key IN (SELECT events.principal_key FROM events WHERE session_name = $instance)
    GROUP BY principal_key, action
)

SELECT
    min(events.event_time) AS first_seen, max(events.event_time) AS last_seen,
    events.role_name AS role, events.action, count(*) AS calls,
    count(*) FILTER (WHERE events.outcome <> 'success') AS failed,
    set_of(events.client_ip) AS client_ips, set_of(events.user_agent) AS user_agents,
    set_of(events.target)[1:10] AS targets, known.role_did_since,
    known.role_did_since >= (SELECT min(scoped.event_time) FROM events AS scoped) AS is_new,
    events.account_id
FROM events
INNER JOIN known ON events.principal_key = known.principal_key AND events.action = known.action
WHERE events.session_name = $instance
GROUP BY
    events.role_name, events.principal_key, events.action, known.role_did_since, events.account_id
ORDER BY first_seen, events.action, role, events.account_id
