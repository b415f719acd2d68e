-- /// trailquery
-- title = "Root without protection"
-- question = "Did root sign in without MFA, or was an access key of root's own used?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1078.004"]
-- why = "One stolen password or key is then the whole account, and no policy limits it. An account's first hours, before MFA is set up, are the harmless case of the sign-in; there is none of the key."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run root_unprotected"
--
-- [columns]
-- first_seen = "The first such event of the session or key (UTC)"
-- last_seen = "The last (UTC)"
-- actor_account_id = "The account whose root it is"
-- how = "password without MFA, or access key"
-- client_ips = "Addresses it came from, sorted"
-- events = "How many events: one for a sign-in, else the calls signed with the key"
-- writes = "Of these, changes that worked"
-- failed = "Of these, refused or failed"
-- actions = "What was called, sorted"
-- session_id = "The session of the sign-in, or the key"
-- event_ids = "The sign-in, or the calls signed with the key, sorted"
-- ///
WITH sign_ins AS (
    SELECT event_id
    FROM signin_events
    WHERE api = 'ConsoleLogin' AND outcome = 'success' AND mfa = 'no'
)

SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, actor_account_id,
    CASE WHEN min(key_kind) IS NULL THEN 'password without MFA' ELSE 'access key' END AS how,
    set_of(client_ip) AS client_ips, count(*) AS events,
    count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome <> 'success') AS failed, set_of(action) AS actions, session_id,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    identity_type = 'Root'
    AND (key_kind = 'long-term' OR event_id IN (SELECT event_id FROM sign_ins))
GROUP BY actor_account_id, session_id
ORDER BY first_seen, actor_account_id, session_id
