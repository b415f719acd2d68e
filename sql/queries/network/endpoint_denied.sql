-- /// trailquery
-- title = "Calls stopped by a VPC endpoint"
-- question = "Which calls did the policy of a VPC endpoint stop, and whose were they?"
-- category = "network"
-- kind = "lead"
-- mitre = ["T1537", "T1567"]
-- example = "trailquery run endpoint_denied --strangers-only"
--
-- [params.strangers_only]
-- type = "boolean"
-- default = false
-- about = "Only callers of accounts that are not yours"
--
-- [columns]
-- event_time = "When the call was stopped (UTC)"
-- actor = "The caller; of another account no more than its number"
-- is_stranger = "The caller's account is none of yours: foreign credentials inside your network"
-- client_ip = "The caller's address, inside the VPC"
-- action = "The call, service:api"
-- target = "What it was aimed at"
-- outcome = "denied"
-- error_message = "The whole message"
-- vpc_endpoint_id = "The endpoint"
-- vpc_endpoint_account_id = "The account that owns it"
-- category = "network: as the owner of the endpoint sees it; management, data: as the account called"
-- account_id = "The account that recorded it"
-- region = "The region of the endpoint"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, coalesce(NOT is_own_account(actor_account_id), FALSE) AS is_stranger,
    client_ip, action, target, outcome, error_message, vpc_endpoint_id, vpc_endpoint_account_id,
    category, account_id, region, event_id
FROM api_errors
WHERE
    denied_by = 'vpc-endpoint'
    AND (NOT $strangers_only OR NOT is_own_account(actor_account_id))
ORDER BY event_time, event_id
