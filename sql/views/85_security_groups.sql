-- Security group rules, in every shape EC2 records. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- ec2_field: a field by its name, which newer APIs write with a capital.
CREATE MACRO ec2_field(document, name) AS
    coalesce(
        json_extract_string(document, '$.' || name),
        json_extract_string(document, '$.' || upper(name[1]) || name[2:])
    );

-- ec2_members: what a list holds that EC2 wrote as {"items": [...]}, {"item": x}, a list or one value.
CREATE MACRO ec2_members(document, name) AS
    json_members(
        coalesce(
            json_extract(document, '$.' || name || '.items'),
            json_extract(document, '$.' || name || '.item'),
            json_extract(document, '$.' || name),
            json_extract(document, '$.' || upper(name[1]) || name[2:])
        )
    );

-- ec2_list: the objects in it; the empty {} is none.
CREATE MACRO ec2_list(document, name) AS
    list_filter(
        ec2_members(document, name),
        lambda member: json_type(member) = 'OBJECT' AND len(json_keys(member)) > 0
    );

-- ec2_rule: one rule: its id where only the call has it, the object with its fields, and apart from them its peer.
CREATE MACRO ec2_rule(rule_id, fields, peer) AS
    struct_pack(rule_id := rule_id, fields := fields::JSON, peer := peer::JSON);

-- answered_rules: the rules that EC2 says it made or took away; with ids.
CREATE MACRO answered_rules(response) AS
    list_transform(
        list_concat(
            ec2_list(response, 'securityGroupRuleSet'),
            ec2_list(response, 'revokedSecurityGroupRuleSet')
        ),
        lambda rule: ec2_rule(NULL::VARCHAR, rule, NULL)
    );

-- listed_rules: those of ipPermissions, one for each network, prefix list and group.
CREATE MACRO listed_rules(asked) AS
    flatten(
        list_transform(
            ec2_list(asked, 'ipPermissions'),
            lambda permission: list_transform(
                coalesce(
                    nullif(
                        flatten(
                            [
                                ec2_list(permission, 'ipRanges'),
                                ec2_list(permission, 'ipv6Ranges'),
                                ec2_list(permission, 'prefixListIds'),
                                ec2_list(permission, 'groups')
                            ]
                        ),
                        []
                    ),
                    [NULL]
                ),
                lambda peer: ec2_rule(NULL::VARCHAR, permission, peer)
            )
        )
    );

-- asked_rules: those of a request: ipPermissions, or flat beside an empty ipPermissions, or changes, or ids alone.
CREATE MACRO asked_rules(asked) AS
    flatten(
        [
            listed_rules(asked),
            CASE
                WHEN
                    coalesce(
                        ec2_field(asked, 'ipProtocol'), ec2_field(asked, 'cidrIp'),
                        ec2_field(asked, 'cidrIpv6'), ec2_field(asked, 'sourceSecurityGroupName'),
                        ec2_field(asked, 'sourceSecurityGroupId')
                    ) IS NOT NULL
                    THEN [ec2_rule(NULL::VARCHAR, asked, NULL)]
                ELSE []
            END,
            list_transform(
                ec2_list(asked, 'securityGroupRule'),
                lambda change: ec2_rule(
                    ec2_field(change, 'securityGroupRuleId'),
                    json_extract(change, '$.SecurityGroupRule'),
                    NULL
                )
            ),
            list_transform(
                ec2_members(asked, 'securityGroupRuleIds'),
                lambda named: ec2_rule(
                    coalesce(
                        ec2_field(named, 'securityGroupRuleId'),
                        nullif(json_extract_string(named, '$'), '{}')
                    ),
                    NULL,
                    NULL
                )
            )
        ]
    );

-- security_group_rule_changes: one row a rule that a call made, changed or took away, or tried to: see outcome. EC2's
-- answer says it best, else the request does. A call that names no rule (a new group, a refusal without a request) is
-- one row without a rule.
CREATE VIEW security_group_rule_changes AS
WITH calls AS (
    SELECT
        *,
        coalesce(
            json_extract(request, '$.' || api || 'Request'), json_extract(request, '$')
        ) AS asked
    FROM events
    WHERE
        service = 'ec2'
        AND (api IN (
            'AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupEgress',
            'RevokeSecurityGroupIngress', 'RevokeSecurityGroupEgress',
            'ModifySecurityGroupRules', 'CreateSecurityGroup'
        )) IS TRUE
),

rules AS (
    SELECT
        *,
        unnest(
            coalesce(
                nullif(answered_rules(response), []), nullif(asked_rules(asked), []), [NULL]
            )
        ) AS rule
    FROM calls
),

named AS (
    SELECT
        *,
        try_cast(ec2_field(rule.fields, 'isEgress') AS BOOLEAN) AS is_egress,
        lower(ec2_field(rule.fields, 'ipProtocol')) AS ip_protocol,
        coalesce(
            ec2_field(rule.fields, 'groupId'), ec2_field(asked, 'groupId'),
            ec2_field(response, 'groupId'), ec2_field(asked, 'groupName')
        ) AS group_id,
        coalesce(rule.rule_id, ec2_field(rule.fields, 'securityGroupRuleId')) AS rule_id,
        coalesce(rule.peer, rule.fields) AS other_end
    FROM rules
),

ends AS (
    SELECT
        *,
        coalesce(
            ec2_field(other_end, 'cidrIp'),
            ec2_field(other_end, 'cidrIpv4'),
            ec2_field(other_end, 'cidrIpv6'),
            ec2_field(other_end, 'prefixListId'),
            ec2_field(other_end, 'referencedGroupId'),
            json_extract_string(other_end, '$.referencedGroupInfo.groupId'),
            ec2_field(other_end, 'sourceSecurityGroupId'),
            ec2_field(other_end, 'sourceSecurityGroupName'),
            ec2_field(rule.peer, 'groupId'),
            ec2_field(rule.peer, 'groupName')
        ) AS peer
    FROM named
)

SELECT
    event_id,
    event_time,
    account_id,
    region,
    actor,
    principal_key,
    client_ip,
    action,
    outcome,
    error_code,
    CASE
        WHEN starts_with(api, 'Authorize') THEN 'add'
        WHEN starts_with(api, 'Revoke') THEN 'remove'
        WHEN starts_with(api, 'Modify') THEN 'modify'
        ELSE 'create'
    END AS change,
    CASE
        WHEN is_egress OR ends_with(api, 'Egress') THEN 'egress'
        WHEN NOT is_egress OR ends_with(api, 'Ingress') THEN 'ingress'
    END AS direction,
    group_id,
    rule_id,
    CASE ip_protocol
        WHEN '6' THEN 'tcp'
        WHEN '17' THEN 'udp'
        WHEN '1' THEN 'icmp'
        WHEN '58' THEN 'icmpv6'
        ELSE ip_protocol
    END AS protocol,
    CASE ip_protocol
        WHEN '-1' THEN 0
        ELSE try_cast(ec2_field(rule.fields, 'fromPort') AS INTEGER)
    END AS from_port,
    CASE ip_protocol
        WHEN '-1' THEN 65535
        ELSE try_cast(ec2_field(rule.fields, 'toPort') AS INTEGER)
    END AS to_port,
    peer,
    coalesce(is_world_network(peer), FALSE) AS is_world
FROM ends;
COMMENT ON VIEW security_group_rule_changes IS
'Every firewall rule of a security group that a call made, changed or took away, or tried to.';
COMMENT ON COLUMN security_group_rule_changes.event_id IS 'The event of the call.';
COMMENT ON COLUMN security_group_rule_changes.event_time IS
'When the call completed at the service (UTC).';
COMMENT ON COLUMN security_group_rule_changes.account_id IS 'The account that received the event.';
COMMENT ON COLUMN security_group_rule_changes.region IS 'The region that recorded the event.';
COMMENT ON COLUMN security_group_rule_changes.actor IS 'The caller, readable.';
COMMENT ON COLUMN security_group_rule_changes.principal_key IS
'The durable identity behind the call, for grouping.';
COMMENT ON COLUMN security_group_rule_changes.client_ip IS
'The caller''s address; NULL unless it is an address.';
COMMENT ON COLUMN security_group_rule_changes.action IS 'The call, service:api.';
COMMENT ON COLUMN security_group_rule_changes.outcome IS
'success, denied, error or dry-run: only after success did the rule change.';
COMMENT ON COLUMN security_group_rule_changes.error_code IS 'The error of a call that failed.';
COMMENT ON COLUMN security_group_rule_changes.change IS
'add, remove, modify, or create: a new group, which names no rule.';
COMMENT ON COLUMN security_group_rule_changes.direction IS
'ingress or egress; NULL where neither call nor rule tells: a rule modified by its id.';
COMMENT ON COLUMN security_group_rule_changes.group_id IS
'The group''s id, or its name where the call used that.';
COMMENT ON COLUMN security_group_rule_changes.rule_id IS
'The rule''s id (sgr-...), where the record has it.';
COMMENT ON COLUMN security_group_rule_changes.protocol IS
'tcp, udp, icmp, icmpv6, another number, or -1 for all.';
COMMENT ON COLUMN security_group_rule_changes.from_port IS
'First port, or ICMP type; 0 when the protocol is -1, which means every port.';
COMMENT ON COLUMN security_group_rule_changes.to_port IS
'Last port, or ICMP code; 65535 when the protocol is -1.';
COMMENT ON COLUMN security_group_rule_changes.peer IS
'The other end: a network of IPv4 or IPv6, a prefix list or another group.';
COMMENT ON COLUMN security_group_rule_changes.is_world IS
'The peer is the Internet: 0.0.0.0/0, ::/0, any other /0, or a network larger than the largest '
'private one (10.0.0.0/8, fc00::/7), such as half of the Internet in 0.0.0.0/1.';
