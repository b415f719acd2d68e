-- /// trailquery
-- title = "Secrets sought in every region"
-- question = "Who listed secrets or parameters in many regions within an hour, and asked for values of some?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1555.006", "T1580"]
-- why = "A program knows in which region its secrets are; who looks into all of them has just found the key, be it a worm on a build machine or a thief. Few values are enough here: secrets_swept counts them. Harmless as an inventory that reads values too."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run secrets_sought_in_regions --min-regions 3"
--
-- [params.min_regions]
-- type = "integer"
-- default = 5
-- about = "Regions listed in one clock hour, at or above which a session is listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who listed and asked"
-- client_ips = "From which addresses, sorted"
-- user_agents = "With which clients, sorted; forgeable"
-- regions = "The regions whose secrets or parameters were listed, sorted"
-- asked_for = "Calls for values"
-- denied = "Of these, refused"
-- account_id = "The account of the secrets"
-- session_id = "The session"
-- event_ids = "The listings and the calls for values, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(user_agent) AS user_agents,
    set_of(CASE WHEN secret_kind = 'listing' THEN region END) AS regions,
    count(*) FILTER (WHERE secret_kind <> 'listing') AS asked_for,
    count(*) FILTER (WHERE secret_kind <> 'listing' AND outcome = 'denied') AS denied,
    account_id, session_id, list_sort(list(event_id)) AS event_ids
FROM secret_calls
WHERE
    secret_kind IN ('listing', 'batch', 'value')
    AND event_id IN (SELECT events.event_id FROM events)
GROUP BY date_trunc('hour', event_time), actor, account_id, session_id
HAVING len(regions) >= $min_regions AND asked_for > 0
ORDER BY hour_start, actor, account_id, session_id
