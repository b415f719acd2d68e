-- /// trailquery
-- title = "Where a session came from"
-- question = "Where did this session come from: which hand-outs lead up to the human, key or host at its origin?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1550.001", "T1078.004"]
-- example = "trailquery run session_lineage ASIAIOSFODNN7EXAMPLE"
--
-- [params.session]
-- type = "text"
-- about = "A session id, or any access key that the session used"
--
-- [columns]
-- depth = "Hand-outs between this session and the one asked about, which has 0"
-- actor = "Who the session acts as"
-- session_kind = "long-term-key, console, assumed-role, ec2-instance, identity-center, ..."
-- created_at = "When its credentials were issued (UTC); of a key only where its creation is held"
-- client_ips = "Addresses it called from, sorted"
-- mfa = "AWS says it was opened with MFA; false for every role session"
-- source_identity = "Source identity of the session"
-- issued_by_action = "The call that opened it, service:api"
-- issued_by = "Who made that call"
-- certainty = "proven (the key handed out is the key used) or inferred (identity and second agree)"
-- ends = "How the chain ends here: origin, not held, cycle or depth; NULL where it goes on"
-- origin = "Why it has no parent: long-term-key, console sign-in, identity provider, ..."
-- access_key_ids = "The access keys it used, sorted"
-- session_id = "The session; see: trailquery run timeline_session"
-- event_id = "The event that opened it; NULL where it is not held"
-- ///
WITH asked AS (
    SELECT session_id FROM sessions
    WHERE session_id = $session OR list_contains(access_key_ids, $session)
)

SELECT
    lineage.depth, shown.actor, shown.session_kind, shown.created_at, shown.client_ips, shown.mfa,
    shown.source_identity, shown.issued_by_action, shown.issued_by, shown.certainty, lineage.ends,
    lineage.origin, shown.access_key_ids, shown.session_id, shown.issued_by_event_id AS event_id
FROM asked
INNER JOIN session_lineage AS lineage ON asked.session_id = lineage.session_id
INNER JOIN sessions AS shown ON lineage.ancestor_session_id = shown.session_id
ORDER BY lineage.depth, shown.session_id, event_id
