-- /// trailquery
-- title = "Credentials of a machine used elsewhere"
-- question = "Were credentials of an EC2 instance, a function or a task used from another machine than their own?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1552.005", "T1078.004"]
-- why = "One set of a machine's credentials calls from a second public address while the first goes on calling, or from a network that is not of AWS: one of the two took them. Harmless where the machine's traffic leaves by several addresses: name these in expected_networks."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run instance_creds_elsewhere --expected-networks 198.51.100.0/24"
--
-- [params.expected_networks]
-- type = "list"
-- default = []
-- about = "Addresses and CIDRs by which machines of yours leave: NAT gateways, proxies"
--
-- [columns]
-- first_seen = "First call in scope from there (UTC)"
-- last_seen = "Last call in scope from there (UTC)"
-- actor = "role/instance, as the session is named"
-- client_ip = "The address that is out of place"
-- ip_scope = "aws, public, or cloud, vpn, tor: other providers' networks"
-- other_ips = "Addresses that used the same credentials before and after, sorted; the machine's own, or the thief's"
-- user_agents = "Clients seen there, sorted"
-- calls = "Calls in scope from there"
-- denied = "Of these, refused"
-- actions = "What was called from there, sorted"
-- account_id = "The account that was acted on"
-- session_id = "The credentials"
-- event_ids = "The calls from there, sorted"
-- ///
SELECT
    min(events.event_time) AS first_seen, max(events.event_time) AS last_seen,
    events.actor, events.client_ip, events.ip_scope, any_value(origin.other_ips) AS other_ips,
    set_of(events.user_agent) AS user_agents,
    count(*) AS calls, count(*) FILTER (WHERE events.outcome = 'denied') AS denied,
    set_of(events.action) AS actions,
    events.account_id, events.session_id, list_sort(list(events.event_id)) AS event_ids
FROM events
INNER JOIN machine_origins AS origin
    ON events.session_id = origin.session_id AND events.client_ip = origin.client_ip
WHERE
    origin.is_astray
    AND len(list_filter($expected_networks, lambda net: in_network(events.client_ip, net))) = 0
GROUP BY events.actor, events.client_ip, events.ip_scope, events.account_id, events.session_id
ORDER BY first_seen, actor, client_ip
