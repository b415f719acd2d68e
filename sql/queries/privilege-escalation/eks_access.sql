-- /// trailquery
-- title = "Access to Kubernetes clusters given"
-- question = "Who was given access to which cluster, with which policy or groups, or was its endpoint opened?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098.006"]
-- example = "trailquery run eks_access"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- cluster = "The cluster"
-- given_to = "The user or role that gets access"
-- rights = "The access policy, Kubernetes groups, or access settings"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action,
    coalesce('cluster/' || json_extract_string(request, '$.name'), target) AS cluster,
    coalesce(
        try(url_decode(json_extract_string(request, '$.principalArn'))),
        requested_role_arn, json_extract_string(request, '$.oidc.issuerUrl')
    ) AS given_to,
    json_first(
        request, ['$.policyArn', '$.kubernetesGroups', '$.accessConfig', '$.resourcesVpcConfig']
    ) AS rights,
    outcome, error_code, account_id, region, event_id
FROM events
WHERE
    regexp_matches(
        action,
        '^eks:(Associate(AccessPolicy|IdentityProviderConfig)|UpdateClusterConfig'
        || '|(Create|Update)(AccessEntry|PodIdentityAssociation))$'
    )
    AND NOT is_aws_call
    AND (
        action <> 'eks:UpdateClusterConfig'
        OR regexp_matches(request, '"(accessConfig|publicAccessCidrs)"|PublicAccess" ?: ?true')
        OR request IS NULL  -- refused without a word of what was asked for
    )
ORDER BY event_time, event_id
