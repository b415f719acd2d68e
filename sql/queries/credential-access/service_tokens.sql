-- /// trailquery
-- title = "Credentials of other services"
-- question = "Who obtained credentials that are no session of a user or role: for registries, databases, buckets, machines, certificates, devices, APIs, key pairs?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1528", "T1552"]
-- example = "trailquery run service_tokens --since 7d"
--
-- [columns]
-- first_seen = "First such call in scope (UTC)"
-- last_seen = "Last such call (UTC)"
-- actor = "Who asked"
-- client_ips = "From which addresses, sorted"
-- action = "The call, service:api"
-- asked_since = "First such call of that identity held, in scope or not (UTC)"
-- calls = "Number of calls in scope"
-- failed = "Of these, refused or failed"
-- targets = "At most ten of what they are for, sorted"
-- account_id = "The account"
-- event_ids = "The calls in scope, sorted"
-- ///
WITH asked AS (
    SELECT *, min(event_time) OVER (PARTITION BY principal_key, action) AS asked_since
    FROM secret_calls
    WHERE secret_kind = 'token'
)

SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, actor,
    set_of(client_ip) AS client_ips, action, asked_since, count(*) AS calls,
    count(*) FILTER (WHERE outcome <> 'success') AS failed, set_of(target)[1:10] AS targets,
    account_id, list_sort(list(event_id)) AS event_ids
FROM asked
WHERE event_id IN (SELECT events.event_id FROM events)
GROUP BY actor, principal_key, action, asked_since, account_id
ORDER BY first_seen, actor, action, account_id
