-- /// trailquery
-- title = "Bursts of destruction"
-- question = "Who deleted, terminated, purged, stopped or disabled many things within an hour?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1485", "T1489", "T1531"]
-- example = "trailquery run destructive_actions --min-calls 50"
--
-- [params.min_calls]
-- type = "integer"
-- default = 10
-- about = "Such calls of one session in one clock hour, or instances they name, at or above which they are listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- clients = "The kinds of client, sorted: iac is what a planned teardown looks like; forgeable"
-- calls = "Such calls in that hour"
-- instances = "The instances that were to be stopped or terminated: one call names many"
-- worked = "Of these, calls that worked"
-- actions = "What was called, sorted"
-- some_targets = "Up to ten of the targets, sorted"
-- seconds = "Seconds between the first and the last"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(client) AS clients, count(*) AS calls,
    coalesce(len(list_distinct(flatten(
        list(resources_of(resources, 'AWS::EC2::Instance')) FILTER (WHERE api LIKE '%Instances')
    ))), 0) AS instances,
    count(*) FILTER (WHERE outcome = 'success') AS worked, set_of(action) AS actions,
    coalesce(set_of(target), [])[:10] AS some_targets,
    date_diff('second', min(event_time), max(event_time)) AS seconds, session_id,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    access = 'write'
    AND NOT is_aws_call
    AND regexp_matches(
        api,
        '^(Batch)?(Delete|Terminate|Purge|Disable|Deregister|Remove|Stop|Schedule\w*Deletion)'
    )
GROUP BY date_trunc('hour', event_time), actor, session_id
HAVING calls >= $min_calls OR instances >= $min_calls
ORDER BY calls DESC, hour_start ASC, actor ASC, session_id ASC
