-- /// trailquery
-- title = "Role chains"
-- question = "Which sessions were reached through two or more roles, and which did they pass?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1550.001", "T1548.005"]
-- example = "trailquery run role_chains --min-roles 3"
--
-- [params.min_roles]
-- type = "integer"
-- default = 2
-- about = "Different roles on the way, that of the session included, at or above which it is listed"
--
-- [columns]
-- created_at = "When the last session's credentials were issued (UTC)"
-- roles = "Number of different roles on the way"
-- chain = "The sessions on the way: hand-outs back from the last, and who it acts as"
-- origin = "Why the first has no parent: long-term-key, console sign-in, not held, ..."
-- client_ips = "Addresses the last session called from, sorted"
-- writes = "Writes of the last session that worked"
-- denied = "Its calls that were refused"
-- account_id = "The account of the last role"
-- session_id = "The last session; see: trailquery run session_lineage"
-- event_ids = "The calls that opened these sessions, sorted"
-- ///
WITH passed AS (
    SELECT
        lineage.session_id, count(DISTINCT above.role_arn) AS roles,
        list_sort(list(format('{:02d} {}', lineage.depth, above.actor))) AS chain,
        any_value(lineage.origin) AS origin,
        list_sort(
            list(above.issued_by_event_id) FILTER (WHERE above.issued_by_event_id IS NOT NULL)
        ) AS event_ids
    FROM session_lineage AS lineage
    INNER JOIN sessions AS above ON lineage.ancestor_session_id = above.session_id
    GROUP BY lineage.session_id
)

SELECT
    last.created_at, passed.roles, passed.chain, passed.origin, last.client_ips, last.writes,
    last.denied, last.account_id, last.session_id, passed.event_ids
FROM passed
INNER JOIN sessions AS last ON passed.session_id = last.session_id
WHERE
    passed.roles >= $min_roles
    AND last.session_id IN (SELECT events.session_id FROM events)
ORDER BY last.created_at, last.session_id
