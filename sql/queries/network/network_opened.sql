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
WITH ways (way, pattern, asked) AS (
    VALUES
    ('route', '^ec2:(Create|Replace)Route$', '"igw-'),
    ('gateway', '^ec2:AttachInternetGateway$', ''),
    ('ACL', '^ec2:(Create|Replace)NetworkAclEntry$', '"allow"'),
    ('guard', '^ec2:(Create|Modify)VpcBlockPublicAccessExclusion$', ''),
    ('guard', '^ec2:ModifyVpcBlockPublicAccessOptions$', '"off"'),
    ('peering', '^ec2:((Cre|Acc).*(Vpc|Gateway)(Peering[CA]|VpcA)|CreateNet.*Permission)', ''),
    ('VPN', '^ec2:(CreateVpnConnection|CreateClientVpnEndpoint|Author.*Vpn)', ''),
    ('line', '^directconnect:((Create|Confirm)(Private|Transit)V|(Cre|Acc).*GatewayAss)', ''),
    ('connect endpoint', '^ec2:CreateInstanceConnectEndpoint$', ''),
    ('ports', '^lightsail:(Open|Put)InstancePublicPorts$', '')
),

calls AS (
    SELECT
        events.*, ways.way,
        regexp_extract(
            request, '"(destinationC|destinationIpv6C|c|ipv6C)idrBlock" ?: ?"([^"]+)"', 2
        ) AS cidr,
        list_filter(
            regexp_extract_all(
                concat_ws(' ', request, response),
                '(?i)"((peer|vpc)?owner|peerAccount|awsAccount)Id" ?: ?"([0-9]{12})"', 3
            ),
            lambda owner: owner <> account_id
        )[1] AS peer_account,
        list_filter(
            json_members(
                coalesce(json_extract(request, '$.portInfos'), json_extract(request, '$.portInfo'))
            ),
            -- a rule that names nobody lets in all
            lambda rule: contains(rule::VARCHAR, '/0"')
            OR NOT regexp_matches(rule, '"(cidrs|ipv6Cidrs|cidrListAliases)" ?: ?\[ ?"')
        ) AS open_ports
    FROM events INNER JOIN ways ON regexp_matches(events.action, ways.pattern)
    WHERE
        service IN ('directconnect', 'ec2', 'lightsail')
        AND access = 'write' AND NOT is_aws_call AND contains(coalesce(request, ''), asked)
)

SELECT
    event_time, actor, client_ip, client, action, target, way,
    coalesce(nullif(cidr, ''), CASE way WHEN 'peering' THEN peer_account END) AS let_in,
    outcome, error_code, account_id, region, event_id
FROM calls
WHERE
    way IN ('gateway', 'guard', 'line', 'VPN', 'connect endpoint')
    OR (way = 'route' AND is_world_network(cidr))
    OR (way = 'ACL' AND is_world_network(cidr) AND regexp_matches(request, '"egress" ?: ?false'))
    OR (way = 'peering' AND coalesce(NOT is_own_account(peer_account), FALSE))
    OR (way = 'ports' AND len(open_ports) > 0)
ORDER BY event_time, event_id
