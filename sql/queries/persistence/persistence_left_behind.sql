-- /// trailquery
-- title = "Ways back in that an identity left"
-- question = "What did this identity, or a session that came of it, make that outlives its credentials, and is it gone?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1098.001", "T1136.003", "T1546", "T1525"]
-- example = "trailquery run persistence_left_behind alice"
--
-- [params.actor]
-- type = "text"
-- about = "User, role, role/session, ARN, principal id, access key or session id"
--
-- [params.include_descendants]
-- type = "boolean"
-- default = true
-- about = "Also what sessions did that were opened with its credentials, however far down"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What was made or changed"
-- outlives = "What kind of way back it is: identity, credential, rights, trust, code, trigger, automation, machine, network, sharing"
-- removed_at = "First later removal of the same held, in scope or not (UTC); NULL if none"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH reached AS (
    SELECT lineage.session_id
    FROM events INNER JOIN session_lineage AS lineage
        ON events.session_id = lineage.ancestor_session_id
    WHERE
        (lineage.depth = 0 OR $include_descendants)
        AND $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id, events.session_id
        )
)

SELECT
    event_time, actor, client_ip, client, action, target, kind AS outlives,
    (
        SELECT min(removals.event_time) FROM removals
        WHERE
            removals.event_time > made.event_time
            AND removals.account_id = made.account_id
            AND removals.removed_thing IN (
                SELECT unnest(things_of(made.service, made.api, made.target, made.resources))
            )
    ) AS removed_at, account_id, region, event_id
FROM footholds AS made
WHERE outcome = 'success' AND session_id IN (SELECT reached.session_id FROM reached)
ORDER BY event_time, event_id
