-- /// trailquery
-- title = "Copies taken of disks, files, databases and logs"
-- question = "Who copied, exported or restored disks, machines, files, databases, logs or secrets, and into which bucket?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1578.001", "T1537"]
-- example = "trailquery run copies_taken"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session; what AWS itself does, such as backups by a plan, is left out"
-- client_ips = "The caller's addresses, sorted"
-- action = "service:api"
-- some_targets = "What was copied, or the copy, sorted; at most 10"
-- buckets = "Buckets exported to, sorted; of DataSync also those copied from"
-- calls = "How many calls"
-- outcomes = "success, denied, error: all that came, sorted"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, action, coalesce(set_of(target), [])[:10] AS some_targets,
    coalesce(set_of(to_bucket), []) AS buckets, count(*) AS calls, set_of(outcome) AS outcomes,
    session_id, list_sort(list(event_id)) AS event_ids
FROM data_copies
GROUP BY actor, action, session_id
ORDER BY first_time, actor, action, session_id
