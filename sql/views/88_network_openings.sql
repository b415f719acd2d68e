-- network_openings: one row a call of others than AWS that lets the Internet or someone else's network into a VPC or
-- to a machine of Lightsail, or tries to. What a security group lets in is in security_group_rule_changes.
CREATE VIEW network_openings AS
WITH ways (way, action) AS (
    VALUES
    ('route', 'ec2:CreateRoute'),
    ('route', 'ec2:ReplaceRoute'),
    ('gateway', 'ec2:AttachInternetGateway'),
    ('ACL', 'ec2:CreateNetworkAclEntry'),
    ('ACL', 'ec2:ReplaceNetworkAclEntry'),
    ('guard', 'ec2:CreateVpcBlockPublicAccessExclusion'),
    ('guard', 'ec2:ModifyVpcBlockPublicAccessExclusion'),
    ('guard', 'ec2:ModifyVpcBlockPublicAccessOptions'),
    ('peering', 'ec2:CreateVpcPeeringConnection'),
    ('peering', 'ec2:AcceptVpcPeeringConnection'),
    ('peering', 'ec2:CreateTransitGatewayPeeringAttachment'),
    ('peering', 'ec2:AcceptTransitGatewayPeeringAttachment'),
    ('peering', 'ec2:CreateTransitGatewayVpcAttachment'),
    ('peering', 'ec2:AcceptTransitGatewayVpcAttachment'),
    ('peering', 'ec2:CreateNetworkInterfacePermission'),
    ('VPN', 'ec2:CreateVpnConnection'),
    ('VPN', 'ec2:CreateVpnConnectionRoute'),
    ('VPN', 'ec2:CreateClientVpnEndpoint'),
    ('VPN', 'ec2:AuthorizeClientVpnIngress'),
    ('line', 'directconnect:CreatePrivateVirtualInterface'),
    ('line', 'directconnect:ConfirmPrivateVirtualInterface'),
    ('line', 'directconnect:CreateTransitVirtualInterface'),
    ('line', 'directconnect:ConfirmTransitVirtualInterface'),
    ('line', 'directconnect:CreateDirectConnectGatewayAssociation'),
    ('line', 'directconnect:CreateDirectConnectGatewayAssociationProposal'),
    ('line', 'directconnect:AcceptDirectConnectGatewayAssociationProposal'),
    ('connect endpoint', 'ec2:CreateInstanceConnectEndpoint'),
    ('ports', 'lightsail:OpenInstancePublicPorts'),
    ('ports', 'lightsail:PutInstancePublicPorts')
),

told AS (
    SELECT
        events.*,
        ways.way,
        CASE ways.way
            WHEN 'peering'
                THEN list_filter(
                    regexp_extract_all(
                        concat_ws(' ', request, response),
                        '(?i)"((peer|vpc)?owner|peerAccount|awsAccount)Id" ?: ?"([0-9]{12})"', 3
                    ),
                    lambda owner: owner <> account_id
                )[1]
            ELSE nullif(
                regexp_extract(
                    request, '"(destinationC|destinationIpv6C|c|ipv6C)idrBlock" ?: ?"([^"]+)"', 2
                ),
                ''
            )
        END AS let_in
    FROM events INNER JOIN ways USING (action)
    WHERE NOT is_aws_call
)

SELECT * FROM told
WHERE
    CASE way
        WHEN 'route' THEN contains(request, '"igw-') AND is_world_network(let_in)
        WHEN 'ACL'
            THEN
                contains(request, '"allow"')
                AND regexp_matches(request, '"egress" ?: ?false')
                AND is_world_network(let_in)
        WHEN 'guard'
            THEN
                api <> 'ModifyVpcBlockPublicAccessOptions' OR contains(request, '"off"')
        WHEN 'peering'
            THEN coalesce(
                NOT is_own_account(let_in),
                -- whose network it was to be, the refusal does not tell
                outcome <> 'success' AND starts_with(api, 'Accept')
            )
        WHEN 'ports'
            THEN list_filter(
                json_members(
                    coalesce(
                        json_extract(request, '$.portInfos'), json_extract(request, '$.portInfo')
                    )
                ),
                -- a rule that names nobody lets in all
                lambda rule: contains(rule::VARCHAR, '/0"')
                OR NOT regexp_matches(rule, '"(cidrs|ipv6Cidrs|cidrListAliases)" ?: ?\[ ?"')
            ) <> []
        ELSE TRUE
    END;

COMMENT ON VIEW network_openings IS
'Calls of others than AWS that let the Internet or someone else''s network in.';
COMMENT ON COLUMN network_openings.way IS
'route, gateway, ACL, guard (block of public access lifted), peering (or an interface lent), VPN, '
'line (Direct Connect), connect endpoint or ports (of Lightsail).';
COMMENT ON COLUMN network_openings.let_in IS
'The network, or the outside account; NULL where the call names neither.';
