-- /// trailquery
-- title = "Network traffic mirrored"
-- question = "Who copied the traffic of a network interface to somewhere else, prepared it, or tried to?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1040", "T1020.001"]
-- why = "A mirror session sends a copy of every packet of the interface, credentials included, to another one; before it come the target that receives, and a filter. Harmless where a network monitor of yours set it up."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run traffic_mirroring"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- action = "service:api"
-- interface = "The network interface whose traffic is copied; NULL where the call does not tell"
-- mirror_target = "Where the copy goes; NULL where the call does not tell"
-- session = "The mirror session; NULL before there is one"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region of the interface"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH calls AS (
    SELECT
        *, concat_ws(' ', request, response) AS told,
        api = 'CreateTrafficMirrorTarget' AS is_target
    FROM events
    WHERE
        contains(action, ':CreateTrafficMirror') OR contains(action, ':ModifyTrafficMirror')
)

SELECT
    event_time, actor, client_ip, action,
    CASE  -- the interface of a target receives
        WHEN NOT is_target
            THEN nullif(regexp_extract(told, '"[nN]etworkInterfaceId" ?: ?"([^"]+)"', 1), '')
    END AS interface,
    coalesce(
        nullif(regexp_extract(told, '"[tT]rafficMirrorTargetId" ?: ?"([^"]+)"', 1), ''),
        CASE WHEN is_target THEN target END
    ) AS mirror_target,
    nullif(regexp_extract(told, '"[tT]rafficMirrorSessionId" ?: ?"([^"]+)"', 1), '') AS session,
    outcome, error_code, account_id, region, event_id
FROM calls
ORDER BY event_time, event_id
