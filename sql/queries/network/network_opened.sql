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
-- way = "route, gateway, ACL, guard (block of public access lifted), peering, VPN, line (Direct Connect), connect endpoint or ports (of Lightsail)"
-- let_in = "The network, or the outside account; NULL where the call names neither"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region of the network"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH calls AS (
    SELECT
        *,
        CASE
            WHEN api IN ('CreateRoute', 'ReplaceRoute') AND contains(request, '"igw-') THEN 'route'
            WHEN api = 'AttachInternetGateway' THEN 'gateway'
            WHEN
                api IN ('CreateNetworkAclEntry', 'ReplaceNetworkAclEntry')
                AND regexp_matches(request, '"ruleAction" ?: ?"allow"')
                AND regexp_matches(request, '"egress" ?: ?false')
                THEN 'ACL'
            WHEN
                regexp_matches(api, '^(Create|Modify)VpcBlockPublicAccessExclusion$')
                OR (api = 'ModifyVpcBlockPublicAccessOptions' AND contains(request, '"off"'))
                THEN 'guard'
            WHEN
                regexp_matches(
                    api,
                    '^(Create|Accept)(VpcPeeringConnection|TransitGateway(Peering|Vpc)Attachment)$'
                )
                THEN 'peering'
            WHEN regexp_matches(api, '^(CreateVpnConnection|CreateClientVpnEndpoint|Author.*Vpn)')
                THEN 'VPN'
            WHEN
                service = 'directconnect'
                AND regexp_matches(
                    api,
                    '^(Create|Confirm)(Private|Transit)Virt|^(Create|Accept).*GatewayAssociation'
                )
                THEN 'line'
            WHEN api = 'CreateInstanceConnectEndpoint' THEN 'connect endpoint'
            WHEN
                api IN ('OpenInstancePublicPorts', 'PutInstancePublicPorts')
                AND len(
                    list_filter(
                        json_members(
                            coalesce(
                                json_extract(request, '$.portInfos'),
                                json_extract(request, '$.portInfo')
                            )
                        ),
                        -- a rule that names nobody lets in all
                        lambda rule: contains(rule::VARCHAR, '/0"')
                        OR NOT regexp_matches(rule, '"(cidrs|ipv6Cidrs|cidrListAliases)" ?: ?\[ ?"')
                    )
                ) > 0
                THEN 'ports'
        END AS way,
        coalesce(
            json_extract_string(request, '$.destinationCidrBlock'),
            json_extract_string(request, '$.destinationIpv6CidrBlock'),
            json_extract_string(request, '$.cidrBlock'),
            json_extract_string(request, '$.ipv6CidrBlock')
        ) AS cidr,
        list_filter(
            regexp_extract_all(
                concat_ws(' ', request, response),
                '(?i)"((peer|vpc)?owner|peerAccount)Id" ?: ?"([0-9]{12})"', 3
            ),
            lambda owner: owner <> account_id
        )[1] AS peer_account
    FROM events
    WHERE service IN ('directconnect', 'ec2', 'lightsail') AND NOT is_aws_call
)

SELECT
    event_time, actor, client_ip, client, action, target, way,
    coalesce(cidr, CASE way WHEN 'peering' THEN peer_account END) AS let_in,
    outcome, error_code, account_id, region, event_id
FROM calls
WHERE
    way IN ('gateway', 'guard', 'line', 'VPN', 'connect endpoint', 'ports')
    OR (way IN ('route', 'ACL') AND is_world_network(cidr))
    OR (
        way = 'peering'
        AND peer_account NOT IN (SELECT ours.account_id FROM own_accounts AS ours)
    )
ORDER BY event_time, event_id
