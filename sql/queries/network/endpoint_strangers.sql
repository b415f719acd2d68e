-- /// trailquery
-- title = "Foreign credentials behind a VPC endpoint"
-- question = "Which accounts that are not yours called through a VPC endpoint of yours, and did it let them?"
-- category = "network"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1537", "T1567.002"]
-- why = "Somebody inside your network uses the credentials of an account that is not yours: the way to carry data out past every policy of your own. Harmless for agents of a vendor, which come from its account."
-- next = "trailquery run endpoint_activity --strangers-only"
-- example = "trailquery run endpoint_strangers"
--
-- [columns]
-- first_seen = "The first call (UTC)"
-- last_seen = "The last call (UTC)"
-- vpc_endpoint_id = "The endpoint"
-- stranger_account_id = "The account of the caller; more of it CloudTrail does not tell"
-- client_ips = "Addresses inside the VPC from which it called, sorted"
-- actions = "What it called, sorted"
-- calls = "How many calls"
-- stopped = "Of these, refused or failed"
-- account_id = "The account of the endpoint"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen,
    vpc_endpoint_id, actor_account_id AS stranger_account_id, set_of(client_ip) AS client_ips,
    set_of(action) AS actions, count(*) AS calls,
    count(*) FILTER (WHERE outcome <> 'success') AS stopped, account_id,
    list_sort(list(event_id)) AS event_ids
FROM network_events
WHERE NOT is_own_account(actor_account_id)
GROUP BY vpc_endpoint_id, actor_account_id, account_id
ORDER BY first_seen, vpc_endpoint_id, actor_account_id, account_id
