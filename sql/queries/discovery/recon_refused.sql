-- /// trailquery
-- title = "Permissions tried one after another"
-- question = "Which sessions were refused many different calls of many services within an hour?"
-- category = "any"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1526", "T1087.004", "T1580"]
-- why = "Who owns a credential knows what it may do; who stole it tries. Harmless where a monitoring or inventory tool was set up with too few permissions: it is refused the same calls every day."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run recon_refused --min-refused 20"
--
-- [params.min_refused]
-- type = "integer"
-- default = 10
-- about = "Different APIs that were refused in one clock hour, at or above which a session is listed"
--
-- [params.min_services]
-- type = "integer"
-- default = 4
-- about = "Different services among them, at least"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who called"
-- client_ips = "From which addresses, sorted"
-- user_agents = "With which clients, sorted; forgeable"
-- refused = "Number of different APIs that were refused"
-- worked = "Number of different APIs that were allowed in that hour"
-- services = "The services that refused, sorted"
-- account_id = "The account that was called on"
-- session_id = "The session"
-- event_ids = "The calls of that hour, refused or not, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(user_agent) AS user_agents,
    count(DISTINCT action) FILTER (WHERE outcome = 'denied') AS refused,
    count(DISTINCT action) FILTER (WHERE outcome = 'success') AS worked,
    list_sort(list(DISTINCT service) FILTER (WHERE outcome = 'denied')) AS services,
    account_id, session_id, list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    NOT is_aws_call
    AND session_id NOT IN (SELECT browsing.session_id FROM sessions AS browsing WHERE from_console)
GROUP BY date_trunc('hour', event_time), actor, session_id, account_id
HAVING
    count(DISTINCT action) FILTER (WHERE outcome = 'denied') >= $min_refused
    AND count(DISTINCT service) FILTER (WHERE outcome = 'denied') >= $min_services
ORDER BY hour_start, actor, account_id, session_id
