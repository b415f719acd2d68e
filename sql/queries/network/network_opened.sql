-- /// trailquery
-- title = "Ways into networks opened"
-- question = "Who let the Internet or someone else's network into a VPC: by route, gateway, ACL, peering, VPN, Direct Connect, connect endpoint or ports of Lightsail?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1133", "T1562.007"]
-- example = "trailquery run network_opened --since 7d"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "The route table, gateway, ACL, VPC, connection, endpoint or machine"
-- way = "route, gateway, ACL, guard (block of public access lifted), peering (or an interface lent), VPN, line (Direct Connect), connect endpoint or ports (of Lightsail)"
-- let_in = "The network, or the outside account; NULL where the call names neither"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region of the network"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, way, let_in, outcome, error_code,
    account_id, region, event_id
FROM network_openings
ORDER BY event_time, event_id
