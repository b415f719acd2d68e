-- /// trailquery
-- title = "Secrets read"
-- question = "Who read which secrets or decrypted parameters, how many, which for the first time, and who was refused?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1555.006", "T1552.001"]
-- example = "trailquery run secrets_read --min-secrets 5 --since 2024-03-01"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id or access key; empty is everyone"
--
-- [params.min_secrets]
-- type = "integer"
-- default = 1
-- about = "Different secrets, at or above which a session is listed"
--
-- [columns]
-- first_seen = "First read of the session in scope (UTC)"
-- last_seen = "Last read (UTC)"
-- actor = "Who read"
-- client_ips = "From which addresses, sorted"
-- secrets = "Number of different secrets and parameters asked for by name"
-- new_secrets = "Of these, never asked for by this identity before the scope, as far as the lake reaches back"
-- names = "Their names, sorted, without a leading /"
-- reads = "Number of calls; one call may ask for many secrets, or by a filter for unnamed ones"
-- denied = "Of these, refused"
-- account_id = "The account of the secrets"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_ids = "The calls, sorted"
-- ///
WITH asked AS (  -- one row a call and secret; a call that names none keeps its row
    SELECT *, unnest(CASE WHEN secrets = [] THEN [NULL] ELSE secrets END) AS secret
    FROM secret_calls WHERE secret_kind IN ('value', 'batch')
),

known AS (
    SELECT *, min(event_time) OVER (PARTITION BY principal_key, secret) AS asked_since FROM asked
)

SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, actor,
    set_of(client_ip) AS client_ips, count(DISTINCT secret) AS secrets,
    count(DISTINCT secret)
    FILTER (WHERE asked_since >= (SELECT min(events.event_time) FROM events)) AS new_secrets,
    set_of(secret) AS names, count(DISTINCT event_id) AS reads,
    count(DISTINCT event_id) FILTER (WHERE outcome = 'denied') AS denied,
    account_id, session_id, set_of(event_id) AS event_ids
FROM known
WHERE
    event_id IN (SELECT events.event_id FROM events)
    AND $actor IN (
        '', actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
        access_key_id
    )
GROUP BY actor, principal_key, account_id, session_id
HAVING count(DISTINCT secret) >= $min_secrets OR $min_secrets <= 1
ORDER BY first_seen, actor, account_id, session_id
