-- /// trailquery
-- title = "Long-term keys in use"
-- question = "Which long-term access keys are in use, by whom, from where and for what?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run long_term_keys --since 2024-03-01"
--
-- [columns]
-- access_key_id = "The key (AKIA)"
-- actor = "Whose it is: a user, or root"
-- actor_account_id = "The owner's account"
-- created_at = "When it was created (UTC); NULL where that event is not held"
-- first_held = "Its first use held, in scope or not (UTC)"
-- first_seen = "Its first use in scope (UTC)"
-- last_seen = "Its last use in scope (UTC)"
-- events = "How many events in scope"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- client_ips = "Addresses that used it, sorted"
-- clients = "Kinds of client program, sorted"
-- services = "Services called, sorted"
-- regions = "Regions called, sorted"
-- ///
SELECT
    events.access_key_id, min(events.actor) AS actor,
    min(events.actor_account_id) AS actor_account_id, min(keys.issued_at) AS created_at,
    min(keys.first_used) AS first_held, min(events.event_time) AS first_seen,
    max(events.event_time) AS last_seen, count(*) AS events,
    count(*) FILTER (WHERE events.access = 'write' AND events.outcome = 'success') AS writes,
    count(*) FILTER (WHERE events.outcome = 'denied') AS denied,
    set_of(events.client_ip) AS client_ips, set_of(events.client) AS clients,
    set_of(events.service) AS services, set_of(events.region) AS regions
FROM events INNER JOIN access_keys AS keys ON events.access_key_id = keys.access_key_id
WHERE events.key_kind = 'long-term'
GROUP BY events.access_key_id
ORDER BY last_seen DESC, access_key_id
