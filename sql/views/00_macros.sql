-- Judgements that several views and queries share. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- is_global_service: the service records its calls in one region (today us-east-1) wherever the caller is.
-- Of STS only the global endpoint does. Source: AWS CloudTrail User Guide, "Global service events".
CREATE MACRO is_global_service(service, region) AS
    (service = 'sts' AND region = 'us-east-1')
    OR service IN (
        'account', 'artifact', 'aws-portal', 'billing', 'budgets', 'ce', 'cloudfront', 'cur',
        'globalaccelerator', 'health', 'iam', 'importexport', 'networkmanager', 'organizations',
        'payments', 'route53', 'route53domains', 'savingsplans', 'shield', 'signin', 'support',
        'trustedadvisor', 'waf'
    );

-- ipv6_groups: the sixteen-bit groups of an IPv6 address with `::` written out, as hex; eight, or it is none.
CREATE MACRO ipv6_groups(address) AS
    string_split(
        replace(address, '::', repeat(':0', 9 - len(string_split(address, ':'))) || ':'), ':'
    );

-- address_block: the network an address lies in, by so many of its leading parts: of 3 the /24 of IPv4 and the /48 of
-- IPv6, of 2 the /16 and the /32, about what one provider has.
CREATE MACRO address_block(address, parts) AS
    CASE
        WHEN contains(address, ':')
            THEN array_to_string(ipv6_groups(address)[1:parts], ':') || '::/' || (16 * parts)
        ELSE array_to_string(string_split(address, '.')[1:parts], '.')
            || repeat('.0', 4 - parts) || '/' || (8 * parts)
    END;

-- address_number: an address as its 128-bit number, IPv4 as in ::ffff:0:0/96; NULL for any other text.
CREATE MACRO address_number(address) AS
    CASE
        WHEN regexp_full_match(address, '([0-9]{1,3}\.){3}[0-9]{1,3}') THEN list_reduce(
            list_transform(
                string_split(address, '.'), lambda part: try_cast(part AS UTINYINT)::UHUGEINT
            ),
            lambda high, low: high * 256 + low
        ) + 281470681743360
        WHEN
            regexp_full_match(address, '[0-9A-Fa-f:]{2,39}') AND len(ipv6_groups(address)) = 8
            THEN list_reduce(
                list_transform(
                    ipv6_groups(address),
                    lambda part: try_cast('0x0' || part AS USMALLINT)::UHUGEINT
                ),
                lambda high, low: high * 65536 + low
            )
    END;

-- network_bits: how many of the 128 leading bits an address or CIDR fixes; NULL for any other text.
CREATE MACRO network_bits(network) AS
    CASE
        WHEN address_number(split_part(network, '/', 1)) IS NULL THEN NULL
        WHEN NOT contains(network, '/') THEN 128
        WHEN contains(network, ':') AND try_cast(split_part(network, '/', 2) AS UTINYINT) <= 128
            THEN split_part(network, '/', 2)::UTINYINT
        WHEN contains(network, '.') AND try_cast(split_part(network, '/', 2) AS UTINYINT) <= 32
            THEN 96 + split_part(network, '/', 2)::UTINYINT
    END;

-- in_network: the address lies in the network, an address or CIDR of IPv4 or IPv6; an error if that is neither.
CREATE MACRO in_network(address, network) AS
    CASE
        WHEN network_bits(network) IS NULL
            THEN error(network || ' is no address or CIDR such as 198.51.100.0/24')
        ELSE
            (address_number(address) >> (128 - network_bits(network))::UHUGEINT)
            = (
                address_number(split_part(network, '/', 1))
                >> (128 - network_bits(network))::UHUGEINT
            )
    END;

-- is_arn_of: the ARN is that of a resource of this bare name: its last part, or all after the kind (a parameter's name
-- has one slash more); in S3 all after the colons, of a secret with or without the six characters that AWS adds. An
-- ARN that holds an account is only of resources of that account, and a role's not of a function of the same name: of
-- these services types and ARNs write the name alike.
CREATE MACRO is_arn_of(arn, name, type, account_id) AS
    starts_with(arn, 'arn:')
    AND CASE split_part(arn, ':', 3)
        WHEN 's3' THEN name = split_part(arn, ':', 6)
        WHEN 'secretsmanager' THEN
            ends_with(arn, ':secret:' || name)
            OR name = regexp_extract(arn, ':secret:(.+)-\w{6}$', 1)
        ELSE
            name = regexp_extract(arn, '([^:/]+)$', 1)
            OR ltrim(name, '/') = regexp_extract(arn, '^(?:[^:]*:){5}[\w-]+[:/]/?(.+?)(:\*)?$', 1)
    END
    AND split_part(arn, ':', 5) IN ('', account_id)
    AND coalesce(
        starts_with(lower(type), 'aws::' || split_part(arn, ':', 3) || '::')
        OR NOT regexp_matches(
            type, '^AWS::(DynamoDB|EC2|ECR|ECS|EKS|Events|IAM|KMS|Lambda|Logs|RDS|S3|SNS|SQS|SSM)::'
        ),
        TRUE
    );

-- is_console_host: what records until about 2020 name as the service that forwarded a click in the console.
CREATE MACRO is_console_host(invoked_by) AS
    coalesce(invoked_by = 'signin.amazonaws.com', FALSE);

-- is_service_linked: the role of an AWS service, by the path that AWS keeps for itself; its name anyone may give.
CREATE MACRO is_service_linked(role_arn) AS
    coalesce(contains(role_arn, ':role/aws-service-role/'), FALSE);

-- set_of: the values of a group, sorted, each once, without NULL; NULL where there are none.
CREATE MACRO set_of(value) AS list_sort(list(DISTINCT value) FILTER (WHERE value IS NOT NULL));

-- json_first: what a JSON text says at the first of these paths at which it says anything, as text.
CREATE MACRO json_first(value, paths) AS
    list_filter(json_extract_string(value, paths), lambda said: said IS NOT NULL)[1];

-- resources_of: what a list of resources names of one type.
CREATE MACRO resources_of(resources, kind) AS
    list_filter(resources, lambda named: named.type = kind);

-- makes: a call of this name makes something, or puts it to another: CreateUser, AttachUserPolicy.
CREATE MACRO makes(api) AS
    regexp_matches(
        api, '^(Add|Allocate|Associate|Attach|Authorize|Create|Import|Put|Register|Run|Upload)'
    );

-- undoes: a call of this name takes away what another made: DetachUserPolicy, TerminateInstances.
CREATE MACRO undoes(api) AS
    regexp_matches(
        api, '^(Delete|Deregister|Detach|Disassociate|Release|Remove|Revoke|Terminate)'
    );

-- made_thing: what a call that makes something and the one that undoes it are both named for: UserPolicy. A trust
-- policy is undone with its role.
CREATE MACRO made_thing(api) AS
    regexp_replace(replace(api, 'UpdateAssumeRolePolicy', 'CreateRole'), '^[A-Z][a-z]+', '');

-- json_members: what a JSON value holds as a list: a list's members, one value alone, nothing of null.
CREATE MACRO json_members(value) AS
    CASE
        WHEN json_type(value) = 'ARRAY' THEN json_extract(value, '$[*]')
        WHEN json_type(value) <> 'NULL' THEN [json_extract(value, '$')]
        ELSE []
    END;

-- expires_in_days: after how many days the rules in force of a bucket's lifecycle delete objects, the fewest, from the
-- moment of the call to a date that a rule names; old versions count where asked for. NULL where they delete none.
CREATE MACRO expires_in_days(request, moment, with_versions) AS
    CASE WHEN contains(request, '"LifecycleConfiguration"') THEN list_min(list_transform(
        list_filter(
            json_members(json_extract(request, '$.LifecycleConfiguration.Rule')),
            lambda rule: json_extract_string(rule, '$.Status') = 'Enabled'
        ),
        lambda rule: least(
            try_cast(json_extract_string(rule, '$.Expiration.Days') AS BIGINT),
            date_diff(
                'day', moment,
                try_cast(json_extract_string(rule, '$.Expiration.Date') AS TIMESTAMP)
            ),
            CASE WHEN with_versions THEN try_cast(
                json_extract_string(rule, '$.NoncurrentVersionExpiration.NoncurrentDays') AS BIGINT
            ) END
        )
    )) END;
