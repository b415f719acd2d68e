-- /// trailquery
-- title = "Functions invoked"
-- question = "Who invoked which functions, how often, from where, and for the first time?"
-- category = "data"
-- kind = "question"
-- mitre = ["T1648"]
-- example = "trailquery run lambda_invocations --function orders-intake --people-only"
--
-- [params.function]
-- type = "text"
-- default = ""
-- about = "Only this function, by name; empty is all"
--
-- [params.people_only]
-- type = "boolean"
-- default = false
-- about = "Leave out calls of AWS itself: events, schedules, queues"
--
-- [columns]
-- target = "The function"
-- actor = "The caller, readable: user, role/session, account, service, anonymous (a function URL)"
-- client_ips = "The caller's addresses, sorted; none where a service called"
-- calls = "Calls in scope"
-- refused = "Of these, refused or failed; an error of the function's own code is none"
-- first_time = "The first in scope (UTC)"
-- last_time = "The last in scope (UTC)"
-- known_since = "The first in all that the lake holds (UTC): the same as first_time for a caller new to the function"
-- account_id = "The account of the function"
-- ///
WITH first_calls AS (
    SELECT account_id, target, principal_key, min(event_time) AS known_since
    FROM history
    WHERE category = 'data' AND action = 'lambda:Invoke'
    GROUP BY account_id, target, principal_key
)

SELECT
    data_events.target, data_events.actor,
    coalesce(set_of(data_events.client_ip), []) AS client_ips, count(*) AS calls,
    count(*) FILTER (WHERE data_events.outcome <> 'success') AS refused,
    min(data_events.event_time) AS first_time, max(data_events.event_time) AS last_time,
    min(first_calls.known_since) AS known_since, data_events.account_id
FROM data_events LEFT JOIN first_calls
    ON
        data_events.account_id = first_calls.account_id
        AND data_events.target = first_calls.target
        AND data_events.principal_key = first_calls.principal_key
WHERE
    data_events.action = 'lambda:Invoke'
    AND $function IN ('', regexp_extract(data_events.target, '[^/]+$'))
    AND NOT ($people_only AND data_events.is_aws_call)
GROUP BY data_events.target, data_events.actor, data_events.account_id
ORDER BY calls DESC, target ASC, actor ASC, account_id ASC
