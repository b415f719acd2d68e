-- /// trailquery
-- title = "Changes of security groups"
-- question = "Who opened or closed which ports to whom, rule by rule, and what is open to the Internet?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1562.007"]
-- example = "trailquery run security_group_changes --group sg-0123456789abcdef0 --world-only"
--
-- [params.group]
-- type = "text"
-- default = ""
-- about = "Only this security group, by id, or by name where the call used that; empty is all"
--
-- [params.world_only]
-- type = "boolean"
-- default = false
-- about = "Only rules whose other end is the Internet"
--
-- [params.port]
-- type = "integer"
-- default = 0
-- about = "Only rules with this port in their range; 0 is every rule"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- change = "add, remove, modify, or create: a new group, without a rule"
-- group_id = "The security group, or its name where the call used that"
-- direction = "ingress or egress; NULL where a rule was changed by its id"
-- protocol = "tcp, udp, icmp, icmpv6, another number, or -1 for all"
-- from_port = "First port, or ICMP type"
-- to_port = "Last port, or ICMP code"
-- peer = "The other end: network, prefix list or group"
-- is_world = "The other end is the Internet"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- rule_id = "The rule, where the record has it"
-- account_id = "The account that was acted on"
-- region = "The region of the group"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, change, group_id, direction, protocol, from_port, to_port, peer,
    is_world, outcome, error_code, rule_id, account_id, region, event_id
FROM security_group_rule_changes
WHERE
    $group IN ('', group_id)
    AND (is_world OR NOT $world_only)
    AND ($port = 0 OR $port BETWEEN from_port AND to_port)
ORDER BY event_time, group_id, direction, protocol, from_port, to_port, peer, rule_id, event_id
