-- /// trailquery
-- title = "Summary of addresses"
-- question = "Which addresses do calls come from, which identities use each, and how much is refused?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run ip_summary --outside-only --min-events 10"
--
-- [params.outside_only]
-- type = "boolean"
-- default = false
-- about = "Leave out private addresses and your own networks, as trailquery.toml names them"
--
-- [params.min_events]
-- type = "integer"
-- default = 1
-- about = "Leave out addresses with fewer events"
--
-- [columns]
-- client_ip = "The address"
-- ip_scope = "private, aws, cloud, vpn, tor or public"
-- owner = "Your name of its network, else the provider that published it, else the owner of its AS"
-- country = "Its country, as two letters, from your .mmdb files"
-- first_seen = "Its first event in scope (UTC)"
-- last_seen = "Its last event in scope (UTC)"
-- events = "How many events"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- errors = "Of these, failed for another reason"
-- actors = "Identities that came from it, sorted; of a role all sessions as one"
-- clients = "Kinds of client program, sorted"
-- services = "Services called, sorted"
-- accounts = "Accounts acted on, sorted"
-- ///
SELECT
    client_ip, min(ip_scope) AS ip_scope,
    coalesce(min(network), min(ip_owner), min(as_name)) AS owner,
    min(country) AS country, min(event_time) AS first_seen, max(event_time) AS last_seen,
    count(*) AS events, count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    count(*) FILTER (WHERE outcome = 'error') AS errors,
    set_of(coalesce(role_name, actor)) AS actors, set_of(client) AS clients,
    set_of(service) AS services, set_of(account_id) AS accounts
FROM events
WHERE
    client_ip IS NOT NULL
    AND (NOT $outside_only OR (ip_scope <> 'private' AND network IS NULL))
GROUP BY client_ip
HAVING count(*) >= $min_events
ORDER BY events DESC, client_ip
