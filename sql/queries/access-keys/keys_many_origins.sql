-- /// trailquery
-- title = "Credentials used in several places at once"
-- question = "Which keys, sessions or tokens of Identity Center went to and fro between addresses faster than a person moves?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1078.004", "T1550.001"]
-- example = "trailquery run keys_many_origins --key-kind long-term --within 10m"
--
-- [params.within]
-- type = "interval"
-- default = "1h"
-- about = "A change of address counts if no more than this lies between the two calls"
--
-- [params.min_changes]
-- type = "integer"
-- default = 2
-- about = "Changes of address, at or above which a session is listed: 1 is a move, 2 is to and fro"
--
-- [params.key_kind]
-- type = "choice"
-- choices = ["any", "long-term", "temporary"]
-- default = "any"
-- about = "Only long-term keys (AKIA), or only temporary ones (ASIA)"
--
-- [columns]
-- first_change = "The first change of address (UTC)"
-- last_change = "The last (UTC)"
-- actor = "Whose credentials: user, or role/session"
-- changes = "How often the address changed from one call to the next"
-- client_ips = "The addresses it changed between, sorted; private ones do not count"
-- scopes = "What they are, sorted: aws, cloud, vpn, tor or public"
-- clients = "Kinds of client program at the changes, sorted; forgeable"
-- failed = "Calls right after a change that were refused or failed"
-- key_kind = "long-term or temporary; NULL is a token of Identity Center"
-- session_id = "The session, all its keys together; of a long-term key the key, of a token its credential_id"
-- event_ids = "The calls on both sides of each change, sorted"
-- ///
WITH used AS (
    -- whoever holds a token of the access portal gets the credentials of its user's roles
    SELECT *, coalesce(session_id, credential_id) AS used_id
    FROM events
),

calls AS (
    SELECT
        *, lag(event_time) OVER (PARTITION BY used_id ORDER BY event_time, event_id) AS time_before,
        lag(client_ip) OVER (PARTITION BY used_id ORDER BY event_time, event_id) AS ip_before,
        lag(event_id) OVER (PARTITION BY used_id ORDER BY event_time, event_id) AS id_before
    FROM used
    WHERE
        used_id IS NOT NULL
        AND client_ip IS NOT NULL
        AND ip_scope <> 'private'
        AND $key_kind IN ('any', key_kind)
)

SELECT
    min(event_time) AS first_change, max(event_time) AS last_change, min(actor) AS actor,
    count(*) AS changes,
    list_sort(list_distinct(list_concat(list(client_ip), list(ip_before)))) AS client_ips,
    set_of(ip_scope) AS scopes, set_of(client) AS clients,
    count(*) FILTER (WHERE outcome <> 'success') AS failed,
    min(key_kind) AS key_kind, used_id AS session_id,
    list_sort(list_distinct(list_concat(list(event_id), list(id_before)))) AS event_ids
FROM calls
WHERE client_ip <> ip_before AND event_time <= time_before + $within
GROUP BY used_id
HAVING count(*) >= $min_changes
ORDER BY changes DESC, session_id
