-- /// trailquery
-- title = "Code of many functions, images or repositories fetched"
-- question = "Who fetched the code of several functions, layers, images or repositories within an hour that it had never fetched before?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1552.001"]
-- example = "trailquery run code_fetched --min-things 10"
--
-- [params.min_things]
-- type = "integer"
-- default = 5
-- about = "Functions, layers, images or repositories fetched for the first time in one clock hour, at or above which a session is listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who fetched: nodes that start containers and tools that deploy do so, once"
-- client_ips = "From which addresses, sorted"
-- clients = "With which kinds of client, sorted; forgeable"
-- actions = "What was called, sorted"
-- things = "Number of things that this identity had not asked for before, as far as the lake reaches back"
-- some_things = "Up to ten of them, sorted"
-- failed = "Of these calls, refused or failed"
-- account_id = "The account of the code"
-- session_id = "The session"
-- event_ids = "The first calls for each, sorted"
-- ///
WITH numbered AS (
    SELECT
        *, row_number() OVER (
            PARTITION BY account_id, principal_key, target ORDER BY event_time, event_id
        ) AS number
    FROM history
    WHERE
        (action IN (
            'lambda:GetFunction', 'lambda:GetLayerVersion', 'ecr:BatchGetImage',
            'codecommit:GitPull', 'codecommit:GetFile'
        )) IS TRUE
        AND NOT is_aws_call
)

SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(client) AS clients, set_of(action) AS actions, count(*) AS things,
    set_of(target)[:10] AS some_things, count(*) FILTER (WHERE outcome <> 'success') AS failed,
    account_id, session_id, list_sort(list(event_id)) AS event_ids
FROM numbered
WHERE
    number = 1
    AND event_id IN (SELECT events.event_id FROM events)
GROUP BY date_trunc('hour', event_time), actor, account_id, session_id
HAVING count(*) >= $min_things
ORDER BY hour_start, actor, account_id, session_id
