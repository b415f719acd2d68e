-- /// trailquery
-- title = "A long-term key in two hands"
-- question = "Which long-term key went to and fro between two addresses with two kinds of program?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1078.004"]
-- why = "The owner's program keeps calling while someone elsewhere calls with another tool: so a leaked key looks. Harmless when one person uses one key on a server and on a laptop, which is a reason to give each its own."
-- next = "trailquery run key_profile {access_key_id}"
-- example = "trailquery run key_in_two_hands --within 10m"
--
-- [params.within]
-- type = "interval"
-- default = "1h"
-- about = "A change counts if no more than this lies between the two calls"
--
-- [params.min_changes]
-- type = "integer"
-- default = 2
-- about = "Changes, at or above which a key is listed: 1 is a move, 2 is to and fro"
--
-- [columns]
-- first_change = "The first change of address and program (UTC)"
-- last_change = "The last (UTC)"
-- actor = "Whose key: a user, or root"
-- access_key_id = "The key (AKIA)"
-- changes = "How often both changed from one call to the next"
-- client_ips = "The addresses, sorted; private ones do not count, nor a change from IPv4 to IPv6"
-- clients = "The kinds of program, sorted; forgeable"
-- actions = "What was called at the changes, sorted"
-- failed = "Calls right after a change that were refused or failed"
-- event_ids = "The calls on both sides of each change, sorted"
-- ///
SELECT
    min(event_time) AS first_change, max(event_time) AS last_change, min(actor) AS actor,
    access_key_id, count(*) AS changes,
    list_sort(list_distinct(list_concat(list(client_ip), list(previous_ip)))) AS client_ips,
    list_sort(list_distinct(list_concat(list(client), list(previous_client)))) AS clients,
    set_of(action) AS actions, count(*) FILTER (WHERE outcome <> 'success') AS failed,
    list_sort(list_distinct(list_concat(list(event_id), list(previous_event_id)))) AS event_ids
FROM address_changes
WHERE
    key_kind = 'long-term'
    AND contains(client_ip, ':') = contains(previous_ip, ':')
    AND client <> previous_client
    AND event_time <= previous_time + $within
GROUP BY access_key_id
HAVING count(*) >= $min_changes
ORDER BY first_change, access_key_id
