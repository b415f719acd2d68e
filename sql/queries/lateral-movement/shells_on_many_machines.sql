-- /// trailquery
-- title = "One machine after another entered"
-- question = "Which sessions ran commands or opened shells within an hour on several machines, or by one command on all, that their identity had not entered before?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1651", "T1021.004", "T1021.007", "T1021.008"]
-- why = "Whoever stole a key that may do so goes from machine to machine for the role of each. Harmless where new machines are taken into use, or fleets are run by such calls (Ansible, patching): then it names machines for the first time only once. A command to `*` is for every machine; others by tag name no machines and are in remote_execution."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run shells_on_many_machines --min-machines 5"
--
-- [params.min_machines]
-- type = "integer"
-- default = 3
-- about = "Machines entered for the first time in one clock hour, at or above which a session is listed; `*`, all of them, is enough by itself"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who called"
-- client_ips = "From which addresses, sorted"
-- user_agents = "With which clients, sorted; forgeable"
-- actions = "What was called, sorted"
-- machines = "Number of machines that this identity had not entered before, as far as the lake reaches back"
-- some_machines = "Up to ten of them, sorted; `*` is all"
-- failed = "Of these entries, refused or failed"
-- account_id = "The account of the machines"
-- session_id = "The session"
-- event_ids = "The calls, sorted"
-- ///
WITH entries AS (  -- one row a call and machine
    SELECT *, unnest(machines) AS machine
    FROM machine_entries
    WHERE action <> 'ssm:StartAutomationExecution'  -- which may as well stop or copy them
),

numbered AS (
    SELECT
        *, row_number() OVER (
            PARTITION BY account_id, principal_key, machine ORDER BY event_time, event_id
        ) AS number
    FROM entries
)

SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(user_agent) AS user_agents, set_of(action) AS actions, count(*) AS machines,
    list_sort(list(machine))[:10] AS some_machines,
    count(*) FILTER (WHERE outcome <> 'success') AS failed, account_id, session_id,
    set_of(event_id) AS event_ids
FROM numbered
WHERE
    number = 1
    AND event_id IN (SELECT events.event_id FROM events)
GROUP BY date_trunc('hour', event_time), actor, account_id, session_id
HAVING count(*) >= $min_machines OR bool_or(machine = '*')
ORDER BY hour_start, actor, account_id, session_id
