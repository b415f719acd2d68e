-- /// trailquery
-- title = "People locked out"
-- question = "Who took away the sign-in, the second factor or the rights of several people who were at work?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1531"]
-- why = "Whoever takes over an account locks its owners out. Only users who had called before count, so that users made and dropped by tests do not. Harmless when a team is moved to another way of signing in. Access keys switched off, which rotation does every day, are in keys_status_changed."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run account_lockout --min-people 1"
--
-- [params.min_people]
-- type = "integer"
-- default = 3
-- about = "People hit by one session on one day, at or above which it is listed"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- people = "The users hit, sorted: IAM names or Identity Center ids"
-- actions = "What was called, sorted"
-- outcomes = "success, denied, error: all that came, sorted"
-- account_id = "The account that was acted on"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, set_of(person) AS people, set_of(action) AS actions,
    set_of(outcome) AS outcomes, account_id, session_id, list_sort(list(event_id)) AS event_ids
FROM access_removals AS removal
WHERE
    person IS DISTINCT FROM coalesce(on_behalf_of_user, user_name)
    AND EXISTS (
        SELECT 1 FROM history AS earlier
        WHERE
            coalesce(earlier.on_behalf_of_user, earlier.user_name) = removal.person
            AND earlier.event_time < removal.event_time
    )
GROUP BY actor, account_id, session_id, event_date
HAVING count(DISTINCT person) >= $min_people
ORDER BY first_time, actor, account_id, session_id
