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
-- client_ips = "The addresses it changed between, sorted; private ones do not count, IPv4 and IPv6 do, between which one machine may change"
-- scopes = "What they are, sorted: aws, cloud, vpn, tor or public"
-- clients = "Kinds of client program at the changes, sorted; forgeable"
-- failed = "Calls right after a change that were refused or failed"
-- key_kind = "long-term or temporary; NULL is a token of Identity Center"
-- session_id = "The session, all its keys together; of a long-term key the key, of a token its credential_id"
-- event_ids = "The calls on both sides of each change, sorted"
-- ///
SELECT
    min(event_time) AS first_change, max(event_time) AS last_change, min(actor) AS actor,
    count(*) AS changes,
    list_sort(list_distinct(list_concat(list(client_ip), list(previous_ip)))) AS client_ips,
    set_of(ip_scope) AS scopes, set_of(client) AS clients,
    count(*) FILTER (WHERE outcome <> 'success') AS failed,
    min(key_kind) AS key_kind, session_or_token AS session_id,
    list_sort(list_distinct(list_concat(list(event_id), list(previous_event_id)))) AS event_ids
FROM address_changes
WHERE event_time <= previous_time + $within AND $key_kind IN ('any', key_kind)
GROUP BY session_or_token
HAVING count(*) >= $min_changes
ORDER BY changes DESC, session_id
