-- /// trailquery
-- title = "Many kinds of reads in an hour"
-- question = "Which sessions called many different read APIs of several services within an hour?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1526", "T1580", "T1087.004"]
-- example = "trailquery run recon_burst --min-actions 30 --since 2024-03-01"
--
-- [params.min_actions]
-- type = "integer"
-- default = 15
-- about = "Different read APIs in one clock hour, at or above which a session is listed"
--
-- [params.min_services]
-- type = "integer"
-- default = 3
-- about = "Different services among them, at least"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who called"
-- client_ips = "From which addresses, sorted"
-- clients = "With which kinds of client, sorted: a console page alone makes dozens of reads"
-- actions = "Number of different read APIs"
-- services = "The services, sorted"
-- calls = "Number of reads"
-- denied = "Of these, refused: somebody who does not know what the identity may do"
-- account_id = "The account that was read"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_ids = "The reads, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(client) AS clients, count(DISTINCT action) AS actions, set_of(service) AS services,
    count(*) AS calls, count(*) FILTER (WHERE outcome = 'denied') AS denied, account_id, session_id,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE access = 'read' AND NOT is_aws_call
GROUP BY date_trunc('hour', event_time), actor, principal_key, session_id, account_id
HAVING count(DISTINCT action) >= $min_actions AND count(DISTINCT service) >= $min_services
ORDER BY hour_start, actions DESC, actor, account_id, session_id
