-- /// trailquery
-- title = "Changes of network paths"
-- question = "Who changed network ACLs, routes, gateways, VPCs, peerings or endpoints, or let a machine pass on the traffic of others?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1562.007", "T1578.005"]
-- example = "trailquery run network_path_changes --kind route --resource rtb-0123456789abcdef0"
--
-- [params.kind]
-- type = "choice"
-- choices = ["all", "peering", "endpoint", "nacl", "route", "gateway", "vpc"]
-- default = "all"
-- about = "Only this kind; route has the check of source and destination, gateway VPN connections, vpc subnets"
--
-- [params.resource]
-- type = "text"
-- default = ""
-- about = "Only calls that name this VPC, subnet, table, gateway; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called, such as CloudFormation"
-- kind = "peering, endpoint, nacl, route, gateway or vpc"
-- action = "The call, service:api"
-- target = "What it was aimed at"
-- names = "Everything it names, sorted"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region of the network"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH calls AS (
    SELECT
        *, list_sort(list_distinct(list_transform(resources, lambda named: named.name))) AS names,
        CASE
            WHEN contains(api, 'Peering') THEN 'peering'
            WHEN contains(api, 'VpcEndpoint') THEN 'endpoint'
            WHEN contains(api, 'NetworkAcl') THEN 'nacl'
            WHEN contains(api, 'Route') OR contains(request, '"sourceDestCheck"') THEN 'route'
            WHEN regexp_matches(api, 'Gateway|Vpn') THEN 'gateway'
            WHEN regexp_matches(api, 'Vpc|Subnet|DhcpOptions') THEN 'vpc'
        END AS kind
    FROM events
    WHERE service = 'ec2' AND access = 'write'
)

SELECT
    event_time, actor, client_ip, kind, action, target, names, outcome, error_code, account_id,
    region, event_id
FROM calls
WHERE
    kind IS NOT NULL
    AND $kind IN ('all', kind)
    AND ($resource = '' OR list_contains(names, $resource))
ORDER BY event_time, event_id
