-- /// trailquery
-- title = "A password of another user, used by who set it"
-- question = "Who set an old user's console password with a program, and signed in as that user from the very same address?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1098.001", "T1078.004"]
-- why = "A thief of an API key so comes into the console, as somebody with other rights, and past what is watched of the key. Harmless where an administrator works with scripts, and the user sits in the same office and was not there before."
-- next = "trailquery run timeline_ip {client_ip}"
-- example = "trailquery run password_used_by_its_setter --within 7d"
--
-- [params.within]
-- type = "interval"
-- default = "1d"
-- about = "Sign-ins no later than this after the password was set count; a user made in the week before is new, and left out"
--
-- [columns]
-- event_time = "When the password was set (UTC)"
-- actor = "Who set it"
-- user = "The user, who was never seen at that address before"
-- client_ip = "The address of both"
-- client = "The kind of program it was set with, no console; forgeable"
-- signed_in_at = "The first sign-in that worked (UTC); NULL where all failed"
-- failed = "Sign-ins from there that failed"
-- user_agent = "The browser's own words at the last of them; forgeable"
-- account_id = "The account of the user"
-- event_ids = "The setting and those sign-ins, sorted"
-- ///
SELECT
    made.event_time, made.actor, made.for_user AS user, made.client_ip, made.client,
    min(came.event_time) FILTER (WHERE came.outcome = 'success') AS signed_in_at,
    count(*) FILTER (WHERE came.outcome <> 'success') AS failed,
    max_by(came.user_agent, (came.event_time, came.event_id)) AS user_agent, made.account_id,
    list_sort(list_distinct(list_append(list(came.event_id), made.event_id))) AS event_ids
FROM credentials_for_others AS made
INNER JOIN history AS came
    ON
        came.action = 'signin:ConsoleLogin'
        AND made.account_id = came.account_id
        AND made.for_user = came.user_name
        AND made.client_ip = came.client_ip
        AND came.event_time <= made.event_time + $within
WHERE
    (made.api IN ('CreateLoginProfile', 'UpdateLoginProfile')) IS TRUE
    AND made.outcome = 'success'
    AND made.client NOT IN ('console', 'browser')
    AND coalesce(made.user_created_at < made.event_time - INTERVAL 7 DAY, TRUE)
    AND made.user_seen_there >= made.event_time
GROUP BY
    made.event_time, made.event_id, made.actor, made.for_user, made.client_ip, made.client,
    made.account_id
ORDER BY made.event_time, user, made.event_id
