-- /// trailquery
-- title = "Root changed things"
-- question = "What did root change, or try to change, itself?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1078.004", "T1098"]
-- why = "Hardly any change needs root: closing the account, its support plan, a bucket or key whose policy locks everyone out. Anything else was done as root without need, or by a thief whom no policy holds back."
-- next = "trailquery run timeline_session {session_id} --writes-only"
-- example = "trailquery run root_changes"
--
-- [columns]
-- first_seen = "The first change of the session (UTC)"
-- last_seen = "The last (UTC)"
-- actor_account_id = "The account whose root it is"
-- client_ips = "Addresses it came from, sorted"
-- clients = "Kinds of client program, sorted"
-- changes = "Changes that worked"
-- failed = "Changes that were refused or failed"
-- actions = "Kinds of change, sorted"
-- targets = "What they were aimed at, sorted"
-- session_id = "The session, or the access key"
-- event_ids = "The changes, sorted"
-- ///
SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, actor_account_id,
    set_of(client_ip) AS client_ips, set_of(client) AS clients,
    count(*) FILTER (WHERE outcome = 'success') AS changes,
    count(*) FILTER (WHERE outcome <> 'success') AS failed, set_of(action) AS actions,
    set_of(target) AS targets, session_id, list_sort(list(event_id)) AS event_ids
FROM management_events
WHERE
    identity_type = 'Root' AND access = 'write' AND NOT is_aws_call
    AND access_level NOT IN ('list', 'read') -- some services call their reads writes
    AND service IS DISTINCT FROM 'cloudshell' -- a shell that is open writes all the time
GROUP BY actor_account_id, session_id
ORDER BY first_seen, actor_account_id, session_id
