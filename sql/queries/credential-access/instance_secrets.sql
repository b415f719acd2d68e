-- /// trailquery
-- title = "Passwords and start-up scripts of instances read"
-- question = "Who fetched Windows passwords, user data, console output or screenshots, of how many instances?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1552.005", "T1555"]
-- example = "trailquery run instance_secrets --min-instances 3"
--
-- [params.min_instances]
-- type = "integer"
-- default = 1
-- about = "Different instances, at or above which a session is listed"
--
-- [columns]
-- first_seen = "First call of the session in scope (UTC)"
-- last_seen = "Last call (UTC)"
-- actor = "Who asked"
-- client_ips = "From which addresses, sorted"
-- user_agents = "With which clients, sorted: Terraform reads the user data of each instance it manages"
-- action = "The call, service:api"
-- instances = "Number of different instances"
-- targets = "The instances, sorted"
-- calls = "Number of calls"
-- denied = "Of these, refused"
-- account_id = "The account of the instances"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_ids = "The calls, sorted"
-- ///
SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, actor,
    set_of(client_ip) AS client_ips, set_of(user_agent) AS user_agents,
    action, count(DISTINCT target) AS instances, set_of(target) AS targets, count(*) AS calls,
    count(*) FILTER (WHERE outcome = 'denied') AS denied, account_id, session_id,
    list_sort(list(event_id)) AS event_ids
FROM secret_calls
WHERE
    secret_kind = 'machine'
    AND event_id IN (SELECT events.event_id FROM events)
GROUP BY actor, principal_key, action, account_id, session_id
HAVING count(DISTINCT target) >= $min_instances OR $min_instances <= 1
ORDER BY first_seen, actor, action, account_id, session_id
