-- /// trailquery
-- title = "Ways back destroyed"
-- question = "Were backups deleted for good or given a week to live, or the making and keeping of backups switched off?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1490", "T1485"]
-- why = "Whoever wants a ransom first takes the ways back: vaults, their locks and policies, recovery points, automated backups, recovery by time. Harmless when a system is retired on purpose. Snapshots, images and versions of objects, which are pruned every day, are in recovery_weakened."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run backups_destroyed"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- action = "The call, service:api"
-- some_targets = "Up to ten of the vaults, points, plans, databases or tables, sorted"
-- calls = "Such calls"
-- outcomes = "success, denied, error: all that came, sorted"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, action, coalesce(set_of(target), [])[:10] AS some_targets,
    count(*) AS calls, set_of(outcome) AS outcomes, session_id,
    list_sort(list(event_id)) AS event_ids
FROM data_losses
WHERE loss = 'backup destroyed'
GROUP BY actor, action, session_id
ORDER BY first_time, actor, action, session_id
