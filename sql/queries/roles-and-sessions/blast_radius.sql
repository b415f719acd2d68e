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
    FROM sessions AS asked INNER JOIN session_lineage AS lineage
        ON asked.session_id = lineage.ancestor_session_id
    WHERE asked.session_id = $session OR list_contains(asked.access_key_ids, $session)
    GROUP BY lineage.session_id
),

deeds AS (
    SELECT
        session_id,
        list_sort(
            list(DISTINCT concat_ws(' ', action, target))
            FILTER (WHERE access = 'write' AND outcome = 'success' AND category = 'management')
        ) AS changed,
        set_of(if(event_id IN (SELECT event_id FROM unused_keys), issued_key_id, NULL)) AS unused
    FROM history
    WHERE session_id IN (SELECT session_id FROM reached)
    GROUP BY session_id
)

SELECT
    depth, actor, session_kind, account_id, issued_by_action, first_seen, last_seen, client_ips,
    events, writes, denied, coalesce(changed, []) AS changed, coalesce(unused, []) AS unused_keys,
    session_id, issued_by_event_id AS event_id
FROM reached INNER JOIN sessions USING (session_id) LEFT JOIN deeds USING (session_id)
ORDER BY depth, first_seen, session_id, event_id
