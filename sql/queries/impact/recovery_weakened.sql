-- /// trailquery
-- title = "Snapshots removed and protections lifted"
-- question = "Who deleted snapshots or images, suspended versioning, let objects expire within a week, lifted deletion protection, MFA for deletion or the lock of objects, or deleted databases and file systems without a last snapshot?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1490", "T1485", "T1485.001"]
-- example = "trailquery run recovery_weakened --min-calls 10"
--
-- [params.min_calls]
-- type = "integer"
-- default = 1
-- about = "Such calls of one session, at or above which they are listed"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- what = "snapshot or image deleted, versioning suspended, deletion without MFA (root alone may allow it), no lock of new objects, expiry within a week, deletion protection lifted, or no last snapshot"
-- some_targets = "Up to ten of the targets, sorted"
-- calls = "Such calls"
-- outcomes = "success, denied, error: all that came, sorted"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, loss AS what,
    coalesce(set_of(target), [])[:10] AS some_targets, count(*) AS calls,
    set_of(outcome) AS outcomes, session_id, list_sort(list(event_id)) AS event_ids
FROM data_losses
WHERE loss NOT IN ('backup destroyed', 'data store deleted')
GROUP BY actor, loss, session_id
HAVING count(*) >= $min_calls
ORDER BY first_time, actor, what, session_id
