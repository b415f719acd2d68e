-- /// trailquery
-- title = "Root at work"
-- question = "Has the root user of any account signed in, tried to, or called anything?"
-- category = "any"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1078.004"]
-- why = "Root can do everything, no policy of its account holds it back, and hardly any task needs it. Harmless when its owner says which task it was, such as changing the account's address or support plan."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run root_activity --since 2024-03-01"
--
-- [columns]
-- first_seen = "Its first event (UTC)"
-- last_seen = "Its last event (UTC)"
-- actor_account_id = "The account whose root it is"
-- client_ips = "Addresses it came from, sorted"
-- clients = "Kinds of client program, sorted"
-- session_mfa = "The session was opened with MFA; NULL for an access key, and where there is no session"
-- events = "How many events"
-- writes = "Of these, changes that worked, the sign-in included"
-- failed = "Of these, refused or failed"
-- actions = "What it called, sorted"
-- access_key_ids = "Keys it signed with, sorted; AKIA is a long-term key of root's own"
-- session_id = "The session; NULL gathers what has none, such as sign-ins that failed"
-- event_ids = "Its events, sorted"
-- ///
SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, actor_account_id,
    set_of(client_ip) AS client_ips, set_of(client) AS clients,
    bool_or(session_mfa) AS session_mfa, count(*) AS events,
    count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome <> 'success') AS failed, set_of(action) AS actions,
    set_of(access_key_id) AS access_key_ids, session_id, list_sort(list(event_id)) AS event_ids
FROM events
WHERE identity_type = 'Root' AND NOT is_aws_call
GROUP BY actor_account_id, session_id
ORDER BY first_seen, actor_account_id, session_id
