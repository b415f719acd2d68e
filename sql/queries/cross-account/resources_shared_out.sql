-- /// trailquery
-- title = "Resources opened to outsiders"
-- question = "Which buckets, keys, functions, secrets, queues, shares, documents, directories or logs were opened to accounts that are not ours?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1537", "T1199"]
-- example = "trailquery run resources_shared_out --public-only"
--
-- [params.public_only]
-- type = "boolean"
-- default = false
-- about = "Only what was opened to everyone"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who opened it"
-- client_ip = "From which address"
-- action = "The call, service:api"
-- target = "What was opened; disks and databases: see snapshots_shared_out"
-- opened_to = "Accounts, ARNs, organizations, canonical users other than the owner or * (everyone), outside ours, sorted; a policy is sent whole, with what was open before"
-- is_public = "Everyone may, and no condition narrows it"
-- allowed = "What they may do, sorted; empty where the call is no policy"
-- conditions = "Conditions of these statements, JSON text, sorted"
-- outcome = "success, denied, error or dry-run"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH opened AS (
    SELECT
        event_id, account_id, actions, conditions,
        unnest(CASE WHEN is_public THEN ['*'] ELSE external_accounts END) AS taker
    FROM policy_statements
    WHERE policy_kind = 'resource' AND effect = 'Allow'
    UNION ALL
    SELECT
        event_id, account_id, [] AS actions, NULL AS conditions,
        unnest(list_concat(
            json_extract_string(request, '$.principals[*]'),
            json_extract_string(request, '$.accountIdsToAdd[*]'),
            json_extract_string(request, '$.*.AddAllowedPrincipals..content'),
            json_extract_string(request, ['$.account', '$.accountId', '$.consumerIdentifier']),
            regexp_extract_all(request, '"(principal|sinkIdentifier|id)" ?: ?"([^"]+)"', 2),
            list_filter(
                json_extract_string(request, '$..Grantee.ID'),
                lambda id: id <> json_extract_string(request, '$.AccessControlPolicy.Owner.ID')
            )
        )) AS taker
    FROM management_events
    WHERE
        action IN (
            'ram:CreateResourceShare', 'ram:AssociateResourceShare', 'ssm:ModifyDocumentPermission',
            'ec2:ModifyVpcEndpointServicePermissions', 'servicecatalog:CreatePortfolioShare',
            'redshift:AuthorizeDataShare', 'es:AuthorizeVpcEndpointAccess', 'oam:CreateLink',
            'ds:ShareDirectory', 'securitylake:CreateSubscriber', 's3:PutBucketAcl'
        )
),

outside AS (
    SELECT *, taker IN ('*', 'all', 'All') AS is_everyone
    FROM opened
    WHERE
        coalesce(nullif(regexp_extract(taker, '(^|:)([0-9]{12})(:|$)', 2), ''), taker)
        NOT IN (SELECT ours.account_id FROM own_accounts AS ours)
)

SELECT
    shown.event_time, shown.actor, shown.client_ip, shown.action, shown.target,
    set_of(outside.taker) AS opened_to, bool_or(outside.is_everyone) AS is_public,
    list_sort(list_distinct(flatten(list(outside.actions)))) AS allowed,
    set_of(outside.conditions) AS conditions,
    shown.outcome, shown.account_id, shown.region, shown.event_id
FROM events AS shown
INNER JOIN outside ON shown.event_id = outside.event_id AND shown.account_id = outside.account_id
WHERE outside.is_everyone OR NOT $public_only
GROUP BY
    shown.event_time, shown.actor, shown.client_ip, shown.action, shown.target,
    shown.outcome, shown.account_id, shown.region, shown.event_id
ORDER BY shown.event_time, shown.event_id
