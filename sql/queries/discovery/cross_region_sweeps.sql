-- /// trailquery
-- title = "The same call in many regions"
-- question = "Who made the same call in many regions within an hour?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1580", "T1535"]
-- example = "trailquery run cross_region_sweeps --writes-only"
--
-- [params.min_regions]
-- type = "integer"
-- default = 5
-- about = "Regions in one clock hour, at or above which a caller is listed"
--
-- [params.writes_only]
-- type = "boolean"
-- default = false
-- about = "Only calls that change something: machines started everywhere"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who called"
-- client_ips = "From which addresses, sorted"
-- user_agents = "With which clients, sorted; forgeable"
-- action = "The call, service:api"
-- access = "read or write"
-- regions = "The regions, sorted"
-- calls = "Number of calls"
-- failed = "Of these, refused or failed"
-- account_id = "The account that was acted on"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_ids = "The calls, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(user_agent) AS user_agents, action, access, set_of(region) AS regions, count(*) AS calls,
    count(*) FILTER (WHERE outcome <> 'success') AS failed, account_id, session_id,
    list_sort(list(event_id)) AS event_ids
FROM management_events
WHERE NOT is_aws_call AND (access = 'write' OR NOT $writes_only)
GROUP BY
    date_trunc('hour', event_time), actor, principal_key, action, access, account_id, session_id
HAVING count(DISTINCT region) >= $min_regions
ORDER BY hour_start, actor, action, account_id, session_id
