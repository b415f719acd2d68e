-- Resources opened to accounts that are not ours. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- has_outsider: one of these accounts is not ours.
CREATE MACRO has_outsider(accounts) AS
    NOT list_has_all(
        coalesce((SELECT list(ours.account_id) FROM own_accounts AS ours), []), accounts
    );

-- resource_openings: one row a call and each whom it lets in, or tries to, that is not ours: named in a statement of a
-- policy of the resource, or one by one in a call that has no policy. A trust policy opens a role, and no resource.
-- Disks and databases are shared by their snapshots: snapshots_shared_out.
CREATE VIEW resource_openings AS
WITH opened AS (
    SELECT
        event_id, account_id, actions AS allowed, conditions,
        unnest(CASE WHEN is_public THEN ['*'] ELSE external_accounts END) AS named
    FROM policy_statements
    WHERE policy_kind = 'resource' AND effect = 'Allow'
    UNION ALL
    SELECT
        event_id, account_id, [] AS allowed, NULL AS conditions,
        unnest(list_concat(
            json_extract_string(request, '$.principals[*]'),
            json_extract_string(request, '$.statements[*].principals[*]'),
            json_extract_string(request, '$.accountIdsToAdd[*]'),
            json_extract_string(request, '$.*.AddAllowedPrincipals..content'),
            json_extract_string(
                request,
                ['$.account', '$.accountId', '$.consumerIdentifier', '$.sharedAccountId']
            ),
            regexp_extract_all(request, '"(principal|sinkIdentifier|id)" ?: ?"([^"]+)"', 2),
            regexp_extract_all(  -- accounts and what is in them, no groups
                request,
                '"(dataLakePrincipal|Grantee)Identifier" ?: ?"((arn:[^"]*:)?[0-9]{12}(:[^"]*)?)"',
                2
            ),
            regexp_extract_all(  -- who will see the findings or all settings, or own an address
                request,
                '(?i)"((administrator|master|authorized|transfer)(Account)?(Id)?|graphArn)"'
                || ' ?: ?"([^"]+)"', 5
            ),
            -- an ACL in headers: x-amz-grant-read, ...
            regexp_extract_all(request, '(?i)\b(id|emailAddress)=[\\"]*([^\\",]+)', 2),
            list_filter(
                json_extract_string(request, '$..Grantee.ID'),
                lambda id: id <> json_extract_string(request, '$.AccessControlPolicy.Owner.ID')
            )
        )) AS named
    FROM management_events
    WHERE
        (action IN (
            'ram:CreateResourceShare', 'ram:AssociateResourceShare', 'ssm:ModifyDocumentPermission',
            'ec2:ModifyVpcEndpointServicePermissions', 'servicecatalog:CreatePortfolioShare',
            'redshift:AuthorizeDataShare', 'es:AuthorizeVpcEndpointAccess', 'oam:CreateLink',
            'ds:ShareDirectory', 'securitylake:CreateSubscriber', 's3:CreateBucket',
            's3:PutBucketAcl', 's3:CreateAccessGrant', 'lakeformation:GrantPermissions',
            'lakeformation:BatchGrantPermissions', 'appstream:UpdateImagePermissions',
            'config:PutAggregationAuthorization', 'detective:AcceptInvitation',
            'guardduty:AcceptAdministratorInvitation', 'guardduty:AcceptInvitation',
            'macie2:AcceptInvitation', 'securityhub:AcceptAdministratorInvitation',
            'securityhub:AcceptInvitation',
            'ec2:EnableAddressTransfer', 'redshift:AuthorizeEndpointAccess',
            'serverlessrepo:PutApplicationPolicy', 'signer:AddProfilePermission',
            'workspaces:UpdateWorkspaceImagePermission'
        )) IS TRUE
        AND NOT regexp_matches(coalesce(request, ''), '"allowCopyImage" ?: ?false')
)

SELECT
    events.*,
    CASE WHEN lower(opened.named) = 'all' THEN '*' ELSE opened.named END AS taker,
    opened.allowed, opened.conditions
FROM events
INNER JOIN opened
    ON
        (events.event_id, events.account_id)
        IS NOT DISTINCT FROM (opened.event_id, opened.account_id)
WHERE
    NOT is_own_account(
        coalesce(nullif(regexp_extract(opened.named, '(^|:)([0-9]{12})(:|$)', 2), ''), opened.named)
    );

COMMENT ON VIEW resource_openings IS
'Calls that open a resource to accounts that are not ours: a row for each whom a call lets in.';
COMMENT ON COLUMN resource_openings.taker IS
'Who is let in: an account, ARN, organization or canonical user; * is everyone.';
COMMENT ON COLUMN resource_openings.allowed IS
'What the statement of a policy lets them do; empty where the call has no policy.';
COMMENT ON COLUMN resource_openings.conditions IS
'Condition of that statement, JSON text; NULL where there is none.';
