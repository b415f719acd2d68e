-- /// trailquery
-- title = "What came of a key or session"
-- question = "From this key or session, what else was obtained: sessions, keys, users, roles, and what did each do?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1550.001", "T1098.001", "T1136.003"]
-- example = "trailquery run blast_radius AKIAIOSFODNN7EXAMPLE"
--
-- [params.session]
-- type = "text"
-- about = "A session id, or any access key that the session used"
--
-- [columns]
-- depth = "Hand-outs between the session asked about, which has 0, and this one"
-- actor = "Who the session acts as"
-- session_kind = "long-term-key, console, assumed-role, federation-token, ..."
-- account_id = "The account of the actor, whichever accounts it acted on"
-- issued_by_action = "The call that opened it, service:api"
-- first_seen = "Time of its first event (UTC)"
-- last_seen = "Time of its last event (UTC)"
-- client_ips = "Addresses it called from, sorted"
-- events = "Number of its events"
-- writes = "Number of its writes that worked"
-- denied = "Number of its calls that were refused"
-- changed = "Writes that worked outside data planes, as api target, sorted"
-- unused_keys = "Access keys handed out to it of which no use is held, sorted: they may still work"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_id = "The event that opened it; NULL where it is not held"
-- ///
WITH reached AS (
    SELECT lineage.session_id, min(lineage.depth) AS depth
    FROM sessions AS asked
    INNER JOIN session_lineage AS lineage ON asked.session_id = lineage.ancestor_session_id
    WHERE asked.session_id = $session OR list_contains(asked.access_key_ids, $session)
    GROUP BY lineage.session_id
),

changed AS (
    SELECT
        session_id, set_of(concat_ws(' ', action, target)) AS changed
    FROM history
    WHERE
        session_id IN (SELECT session_id FROM reached)
        AND access = 'write'
        AND outcome = 'success'
        AND category = 'management'
    GROUP BY session_id
),

unused AS (
    SELECT session_id, list_sort(list(issued_key_id)) AS unused_keys
    FROM history
    WHERE
        session_id IN (SELECT session_id FROM reached)
        AND issued_key_id NOT IN (
            SELECT used.access_key_id FROM history AS used WHERE used.access_key_id IS NOT NULL
        )
    GROUP BY session_id
)

SELECT
    reached.depth, shown.actor, shown.session_kind, shown.account_id, shown.issued_by_action,
    shown.first_seen, shown.last_seen, shown.client_ips, shown.events, shown.writes, shown.denied,
    coalesce(changed.changed, []) AS changed, coalesce(unused.unused_keys, []) AS unused_keys,
    shown.session_id, shown.issued_by_event_id AS event_id
FROM reached
INNER JOIN sessions AS shown ON reached.session_id = shown.session_id
LEFT JOIN changed ON reached.session_id = changed.session_id
LEFT JOIN unused ON reached.session_id = unused.session_id
ORDER BY reached.depth, shown.first_seen, shown.session_id, event_id
