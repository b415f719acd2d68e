-- /// trailquery
-- title = "Attack tools"
-- question = "Did any known attack tool or attacker's operating system call, from where, and what did it do?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1078.004", "T1526"]
-- why = "These names stand in the user agent only when somebody uses the tool, or works on a system made for attacks, and did not hide it. Harmless during a penetration test that you know of."
-- next = "trailquery run timeline_ip {client_ip}"
-- example = "trailquery run offensive_tools"
--
-- [columns]
-- first_seen = "The first call (UTC)"
-- last_seen = "The last call (UTC)"
-- tool = "The tool or system, as the user agent names it"
-- client_ip = "The address it called from; NULL where AWS called on its behalf"
-- actors = "In whose name it called, sorted"
-- calls = "How many calls"
-- worked = "Of these, worked"
-- denied = "Of these, refused"
-- actions = "What it called, sorted"
-- user_agent = "The last user agent, whole"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, attack_tool(user_agent) AS tool,
    client_ip, set_of(actor) AS actors, count(*) AS calls,
    count(*) FILTER (WHERE outcome = 'success') AS worked,
    count(*) FILTER (WHERE outcome = 'denied') AS denied, set_of(action) AS actions,
    max_by(user_agent, (event_time, event_id)) AS user_agent, list_sort(list(event_id)) AS event_ids
FROM events
WHERE tool IS NOT NULL
GROUP BY tool, client_ip
ORDER BY first_seen, tool, client_ip
