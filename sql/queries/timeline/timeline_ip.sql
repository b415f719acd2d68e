-- /// trailquery
-- title = "Timeline of an address"
-- question = "Who came from this address or network, to which accounts, and what did they do?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run timeline_ip 198.51.100.0/24 --writes-only"
--
-- [params.ip]
-- type = "text"
-- about = "IPv4 or IPv6 address, or CIDR"
--
-- [params.writes_only]
-- type = "boolean"
-- default = false
-- about = "Leave out reads"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- account_id = "The account that was acted on"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What the call was aimed at"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- region = "The region that recorded the call"
-- access_key_id = "The access key that signed the call"
-- vpc_endpoint_id = "The VPC endpoint it came through: a private address is unique only within its network"
-- user_agent = "The client's own words; forgeable"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, account_id, client_ip, client, action, target, outcome, error_code, region,
    access_key_id, vpc_endpoint_id, user_agent, event_id
FROM events
WHERE in_network(client_ip, $ip) AND (access = 'write' OR NOT $writes_only)
ORDER BY event_time, event_id
