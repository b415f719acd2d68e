-- /// trailquery
-- title = "Calls between accounts"
-- question = "Which calls cross an account boundary, from whom to where, and did they work?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1199", "T1078.004"]
-- example = "trailquery run cross_account_calls --outside-only --since 2024-03-01"
--
-- [params.outside_only]
-- type = "boolean"
-- default = false
-- about = "Only callers of accounts that are not yours (see: trailquery settings)"
--
-- [columns]
-- first_seen = "First such call in scope (UTC)"
-- last_seen = "Last such call (UTC)"
-- from_account = "The caller's account; of a role by which a product provider acts the provider's"
-- from_name = "Your name of it; NULL where it is not one of yours, or has no name"
-- is_outside = "It is none of your accounts"
-- actor = "The caller; of another account AWS tells the account only"
-- to_account = "The account that was acted on"
-- action = "The call, service:api"
-- calls = "Number of calls"
-- denied = "Of these, refused"
-- client_ips = "From which addresses, sorted"
-- targets = "At most ten of what it was aimed at, sorted"
-- ///
SELECT
    min(events.event_time) AS first_seen, max(events.event_time) AS last_seen,
    coalesce(events.delegate_account_id, events.actor_account_id) AS from_account,
    any_value(ours.account_name) AS from_name,
    count(ours.account_id) = 0 AS is_outside,
    events.actor, events.account_id AS to_account, events.action, count(*) AS calls,
    count(*) FILTER (WHERE events.outcome = 'denied') AS denied,
    set_of(events.client_ip) AS client_ips, set_of(events.target)[1:10] AS targets
FROM events
LEFT JOIN
    own_accounts AS ours
    ON coalesce(events.delegate_account_id, events.actor_account_id) = ours.account_id
WHERE events.is_cross_account AND (ours.account_id IS NULL OR NOT $outside_only)
GROUP BY from_account, events.actor, events.account_id, events.action
ORDER BY first_seen, from_account, events.actor, to_account, events.action
