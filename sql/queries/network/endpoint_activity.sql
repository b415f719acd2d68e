-- /// trailquery
-- title = "What goes through VPC endpoints"
-- question = "What goes through each VPC endpoint: who, ours or strangers, from where, to which service, how much?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1567", "T1537"]
-- example = "trailquery run endpoint_activity --strangers-only"
--
-- [params.strangers_only]
-- type = "boolean"
-- default = false
-- about = "Only callers of accounts that are not yours"
--
-- [columns]
-- vpc_endpoint_id = "The endpoint"
-- vpc_endpoint_account_id = "The account that owns it; NULL where the record does not tell"
-- actor = "User, role (all its sessions); of another account no more than its number"
-- is_stranger = "The caller's account is none of yours"
-- service = "The service called"
-- category = "network: as the owner of the endpoint sees it, if a trail records that; management, data: the same calls as the account called sees them"
-- calls = "How many calls"
-- denied = "Of these, refused"
-- bytes_out = "Bytes sent to the caller"
-- bytes_in = "Bytes received from the caller"
-- client_ips = "Addresses they came from, inside the VPC, sorted"
-- first_seen = "The first call (UTC)"
-- last_seen = "The last call (UTC)"
-- ///
SELECT
    vpc_endpoint_id, vpc_endpoint_account_id, coalesce(role_name, actor) AS actor,
    coalesce(NOT is_own_account(actor_account_id), FALSE) AS is_stranger, service, category,
    count(*) AS calls, count(*) FILTER (WHERE outcome = 'denied') AS denied,
    coalesce(sum(bytes_out), 0)::BIGINT AS bytes_out,
    coalesce(sum(bytes_in), 0)::BIGINT AS bytes_in, set_of(client_ip) AS client_ips,
    min(event_time) AS first_seen, max(event_time) AS last_seen
FROM events
WHERE
    vpc_endpoint_id IS NOT NULL
    AND (NOT $strangers_only OR NOT is_own_account(actor_account_id))
GROUP BY
    vpc_endpoint_id, vpc_endpoint_account_id, coalesce(role_name, actor), actor_account_id,
    service, category
ORDER BY
    vpc_endpoint_id, is_stranger DESC, calls DESC, actor, actor_account_id, service, category,
    vpc_endpoint_account_id
