-- Policy documents, however they were sent. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- json_texts: the same as texts.
CREATE MACRO json_texts(value) AS
    list_filter(
        list_transform(json_members(value), lambda member: json_extract_string(member, '$')),
        lambda text: text IS NOT NULL
    );

-- policy_document: a policy as JSON: an object, or the object that a text spells, URL-encoded or not; else NULL.
CREATE MACRO policy_document(value) AS
    CASE json_type(value)
        WHEN 'OBJECT' THEN json_extract(value, '$')
        WHEN 'VARCHAR' THEN coalesce(
            try_cast(json_extract_string(value, '$') AS JSON),
            try(try_cast(url_decode(json_extract_string(value, '$')) AS JSON))
        )
    END;

-- sent_statements: every statement of every policy document in a request, by whatever name it was sent.
CREATE MACRO sent_statements(request) AS
    flatten(
        list_transform(
            json_extract(request, '$..*'),
            lambda node: json_members(json_extract(policy_document(node), '$.Statement'))
        )
    );

-- statement_line: what a statement says of actions, in a line: Deny s3:PutObject, not s3:GetObject.
CREATE MACRO statement_line(effect, actions, not_actions) AS
    effect || ' ' || array_to_string(
        list_concat(actions, list_transform(not_actions, lambda one: 'not ' || one)), ', '
    );

-- granted_condition: the parameters of AddPermission and its like that narrow the grant.
CREATE MACRO granted_condition(request) AS
    json_merge_patch(
        '{}',
        json_object(
            'StringEquals', nullif(
                json_merge_patch(
                    '{}',
                    json_object(
                        'aws:SourceAccount', (request ->> '$.sourceAccount'),
                        'aws:PrincipalOrgID', coalesce(
                            (request ->> '$.principalOrgID'), (request ->> '$.organizationId'),
                            (request ->> '$.condition.value')
                        )
                    )
                ),
                '{}'
            ),
            'ArnLike', nullif(
                json_merge_patch('{}', json_object('aws:SourceArn', (request ->> '$.sourceArn'))),
                '{}'
            )
        )
    );

-- granted_statement: the statement that AddPermission and its like make of plain parameters.
CREATE MACRO granted_statement(service, request) AS
    json_object(
        'Sid', coalesce((request ->> '$.statementId'), (request ->> '$.label')),
        'Effect', 'Allow',
        'Principal', coalesce(
            json_extract(request, '$.principal'), json_extract(request, '$.aWSAccountId'),
            json_extract(request, '$.aWSAccountIds')
        ),
        'Action', list_concat(
            json_texts(json_extract(request, '$.action')),
            list_transform(
                list_concat(
                    json_texts(json_extract(request, '$.actionName')),
                    json_texts(json_extract(request, '$.actions'))
                ),
                lambda name: service || ':' || name
            )
        ),
        'Resource', coalesce(
            (request ->> '$.functionName'), (request ->> '$.layerName'),
            (request ->> '$.topicArn'), (request ->> '$.queueUrl'), (request ->> '$.eventBusName')
        ),
        'Condition', granted_condition(request)
    );

-- is_world_network: a network larger than the largest private one, 10.0.0.0/8 or fc00::/7: every /0, and the halves
-- and quarters of the Internet that get around a search for it. NULL for any other text.
CREATE MACRO is_world_network(network) AS
    network_bits(network) < CASE WHEN contains(network, ':') THEN 7 ELSE 104 END;

-- is_open_value: a condition's value that anyone can meet: a wildcard where account, organization or bucket stand,
-- the whole Internet, or false where only true narrows.
CREATE MACRO is_open_value(value) AS
    regexp_matches(value, '^([*?]|false$|o-[*?]|arn:[^:]*:[^:]*:[^:]*:([*?]|:[*?]))')
    OR coalesce(is_world_network(value), FALSE);

-- is_narrowed: a condition that only some callers can meet. The key is one of the list, the operator demands its
-- presence, and no value is open. Source: S3 User Guide, "The meaning of public"; IAM User Guide, "AWS global
-- condition context keys". aws:SourceOwner, kms:CallerAccount and AccessedViaMountTarget are those of the default
-- policies of SNS, KMS and EFS.
-- An external id, a referer, a user agent, a tag or a user's name can be had by anyone and narrows nothing.
CREATE MACRO is_narrowed(condition) AS
    len(
        list_filter(
            list_zip(json_keys(condition), json_extract(condition, '$.*')),
            lambda clause: regexp_full_match(
                clause[1],
                '(?i)(ForAnyValue:)?'
                || '(StringEquals(IgnoreCase)?|StringLike|Arn(Equals|Like)|IpAddress|Bool)'
            )
            AND len(
                list_filter(
                    list_zip(json_keys(clause[2]), json_extract(clause[2], '$.*')),
                    lambda test: lower(test[1]) IN (
                        'aws:principalaccount', 'aws:principalarn', 'aws:principalorgid',
                        'aws:principalorgpaths', 'aws:sourceaccount', 'aws:sourcearn',
                        'aws:sourceip', 'aws:sourceorgid', 'aws:sourceorgpaths',
                        'aws:sourceowner', 'aws:sourcevpc', 'aws:sourcevpce', 'aws:userid',
                        'aws:vpceaccount', 'aws:vpceorgid', 'aws:vpceorgpaths',
                        'elasticfilesystem:accessedviamounttarget', 'kms:calleraccount',
                        's3:dataaccesspointaccount',
                        's3:dataaccesspointarn'
                    )
                    AND len(
                        list_filter(
                            json_texts(test[2]), lambda value: is_open_value(value)
                        )
                    ) = 0
                )
            ) > 0
        )
    ) > 0;

-- names_subject: a condition of a trust policy that not every user of an identity provider can meet: on an application,
-- or on a subject that does not begin with a wildcard, nor, unless an id goes before, after its first colon: repo:*.
CREATE MACRO names_subject(conditions) AS
    coalesce(
        regexp_matches(
            conditions,
            ':(amr|app_id|oaud)"|cognito-identity'
            || '|:sub":\[?"([^":*]+["*]|[^":]+:[^":*]|[^":]*[0-9][^":]*:)'
        ),
        FALSE
    );

-- principals_named: whom Principal or NotPrincipal names: `*`, ARNs, accounts, services, providers.
CREATE MACRO principals_named(principal) AS
    CASE json_type(principal)
        WHEN 'OBJECT' THEN flatten(
            list_transform(json_extract(principal, '$.*'), lambda named: json_texts(named))
        )
        ELSE json_texts(principal)
    END;

-- policy_statements: one row a statement of a policy that a call sent, also where the call failed: see outcome. A
-- policy that CloudTrail left out of the record (is_truncated of the event) has no row.
CREATE VIEW policy_statements AS
WITH sent AS (
    SELECT
        *,
        list_filter(
            CASE
                WHEN api NOT IN ('AddPermission', 'AddLayerVersionPermission', 'PutPermission')
                    THEN sent_statements(request)
                WHEN json_type(policy_document(json_extract(response, '$.statement'))) = 'OBJECT'
                    THEN [policy_document(json_extract(response, '$.statement'))]
                WHEN contains(request, 'Statement') AND len(sent_statements(request)) > 0
                    THEN sent_statements(request)
                ELSE [granted_statement(service, request)]
            END,
            lambda statement: json_type(statement) = 'OBJECT'
            AND (
                json_exists(statement, '$.Effect') OR json_exists(statement, '$.Action')
                OR json_exists(statement, '$.NotAction')
            )
        ) AS statements
    FROM events
    WHERE
        (access = 'write' OR service = 'sts')
        AND (
            contains(request, 'Statement')
            OR contains(request, '\u00')
            OR (
                api IN ('AddPermission', 'AddLayerVersionPermission', 'PutPermission')
                AND service IN ('lambda', 'sns', 'sqs', 'events')
                AND json_type(request) = 'OBJECT'
            )
        )
        AND service <> 'access-analyzer'
        AND NOT regexp_matches(api, '^(Simulate|Validate|Check|Test)')
),

statements AS (
    SELECT
        *,
        unnest(statements) AS statement,
        unnest(range(1, len(statements) + 1)) AS statement_number
    FROM sent
),

parts AS (
    SELECT
        *,
        CASE
            WHEN service = 'sts' OR json_exists(request, '$.sessionPolicy') THEN 'session'
            WHEN service = 'transfer' THEN 'session'
            WHEN service = 'eks' AND contains(api, 'PodIdentityAssociation') THEN 'session'
            WHEN service = 'iam' AND api IN ('CreateRole', 'UpdateAssumeRolePolicy') THEN 'trust'
            WHEN service IN ('iam', 'iot', 'sso') THEN 'identity'
            WHEN service <> 'organizations' OR api = 'PutResourcePolicy' THEN 'resource'
            WHEN
                coalesce(
                    (request ->> '$.type'), (response ->> '$.policy.policySummary.type')
                ) = 'RESOURCE_CONTROL_POLICY'
                THEN 'rcp'
            ELSE 'scp'
        END AS policy_kind,
        json_extract_string(statement, '$.Effect') AS effect,
        json_texts(json_extract(statement, '$.Action')) AS actions,
        json_texts(json_extract(statement, '$.NotAction')) AS not_actions,
        json_texts(json_extract(statement, '$.Resource')) AS resource_arns,
        json_texts(json_extract(statement, '$.NotResource')) AS not_resources,
        principals_named(json_extract(statement, '$.Principal')) AS principals,
        principals_named(json_extract(statement, '$.NotPrincipal')) AS not_principals,
        nullif(json_extract(statement, '$.Condition'), '{}') AS condition
    FROM statements
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
    policy_kind,
    target,
    statement_number,
    json_extract_string(statement, '$.Sid') AS sid,
    effect,
    actions,
    not_actions,
    resource_arns,
    not_resources,
    principals,
    not_principals,
    condition::VARCHAR AS conditions,
    coalesce(
        effect = 'Allow'
        AND policy_kind IN ('resource', 'trust')
        AND service <> 'ec2'
        AND (list_contains(principals, '*') OR len(not_principals) > 0)
        AND NOT coalesce(is_narrowed(condition), FALSE),
        FALSE
    ) AS is_public,
    coalesce(
        effect = 'Allow'
        AND policy_kind IN ('identity', 'session')
        AND list_has_any(actions, ['*', '*:*', '**'])
        AND list_has_any(resource_arns, ['*', '**', 'arn:aws:*', 'arn:*']),
        FALSE
    ) AS is_admin,
    coalesce(
        effect = 'Allow'
        AND policy_kind IN ('identity', 'session')
        AND (
            list_has_any(resource_arns, ['*', '**', 'arn:aws:*', 'arn:*', 'arn:aws:iam::*'])
            OR (
                len(not_resources) > 0
                AND NOT regexp_matches(
                    array_to_string(not_resources, ' '), '(^| )(\*|arn:[^:]*:iam:)'
                )
            )
        )
        AND (
            list_has_any(
                list_transform(actions, lambda name: lower(name)), ['*', '*:*', '**', 'iam:*']
            )
            OR (
                len(not_actions) > 0
                AND NOT regexp_matches(array_to_string(not_actions, ' '), '(?i)(^| )(\*|iam:)')
            )
        ),
        FALSE
    ) AS is_iam_admin,
    list_sort(
        list_distinct(
            list_filter(
                list_transform(
                    principals,
                    lambda name: coalesce(
                        nullif(regexp_extract(name, '^\d{12}$'), ''),
                        regexp_extract(name, '^arn:[^:]*:(?:iam|sts)::(\d{12}):', 1)
                    )
                ),
                lambda account: account <> '' AND account IS DISTINCT FROM account_id
            )
        )
    ) AS external_accounts
FROM parts;
COMMENT ON VIEW policy_statements IS
'Every statement of every policy that a call sent, by whatever parameter, in force or refused.';
COMMENT ON COLUMN policy_statements.event_id IS 'The event that sent the policy.';
COMMENT ON COLUMN policy_statements.event_time IS 'When the call completed at the service (UTC).';
COMMENT ON COLUMN policy_statements.account_id IS 'The account that received the event.';
COMMENT ON COLUMN policy_statements.region IS 'The region that recorded the event.';
COMMENT ON COLUMN policy_statements.actor IS 'The caller, readable.';
COMMENT ON COLUMN policy_statements.principal_key IS
'The durable identity behind the call, for grouping.';
COMMENT ON COLUMN policy_statements.client_ip IS
'The caller''s address; NULL unless it is an address.';
COMMENT ON COLUMN policy_statements.action IS 'The call that sent it, service:api.';
COMMENT ON COLUMN policy_statements.outcome IS
'success, denied, error or dry-run: only after success is the policy in force.';
COMMENT ON COLUMN policy_statements.policy_kind IS
'identity, trust, resource, session, scp or rcp: what the policy is fastened to.';
COMMENT ON COLUMN policy_statements.target IS
'What it is fastened to, as in events: role/Admin, s3://bucket; for a session the role assumed.';
COMMENT ON COLUMN policy_statements.statement_number IS
'The statement''s place among those that the call sent, from 1.';
COMMENT ON COLUMN policy_statements.sid IS 'The statement''s own name, where it has one.';
COMMENT ON COLUMN policy_statements.effect IS 'Allow or Deny, as written.';
COMMENT ON COLUMN policy_statements.actions IS 'The actions it is about; empty with NotAction.';
COMMENT ON COLUMN policy_statements.not_actions IS
'NotAction: it is about every action but these.';
COMMENT ON COLUMN policy_statements.resource_arns IS
'The resources it is about, with their wildcards; empty in a trust policy.';
COMMENT ON COLUMN policy_statements.not_resources IS
'NotResource: it is about every resource but these.';
COMMENT ON COLUMN policy_statements.principals IS
'Whom it is about, of every kind: *, ARNs, accounts, services, identity providers.';
COMMENT ON COLUMN policy_statements.not_principals IS
'NotPrincipal: it is about everyone but these.';
COMMENT ON COLUMN policy_statements.conditions IS 'Condition, JSON text; NULL where there is none.';
COMMENT ON COLUMN policy_statements.is_public IS
'It allows everyone (*, or all but NotPrincipal), and no condition on the caller''s or source''s '
'account, organization, ARN, address, VPC or endpoint narrows it (a StringEquals or the like on '
'aws:PrincipalOrgID, aws:SourceArn, aws:SourceVpce ...; the list is at is_narrowed); never true of '
'policies that only filter: service control, resource control and VPC endpoint policies.';
COMMENT ON COLUMN policy_statements.is_admin IS
'It allows an identity or session every action on every resource, whatever its conditions.';
COMMENT ON COLUMN policy_statements.is_iam_admin IS
'It allows an identity or session all of IAM on every resource, alone, among everything, or by a '
'NotAction or NotResource that does not name IAM: enough to take the rest.';
COMMENT ON COLUMN policy_statements.external_accounts IS
'Accounts in principals other than account_id, sorted.';

-- noqa: disable=LT02,CP05

-- shuts_owner_out: the policy that this event sent lets others in, and nobody of the account it was sent to.
CREATE MACRO shuts_owner_out(event) AS
    event IN (
        SELECT sent.event_id FROM policy_statements AS sent
        WHERE sent.effect = 'Allow'
        GROUP BY sent.event_id
        HAVING NOT bool_or(
            list_contains(sent.principals, '*')
            OR contains(array_to_string(sent.principals, ' '), sent.account_id)
        )
    );
