-- /// trailquery
-- title = "External identities that became roles"
-- question = "Which external identities (SAML, OIDC: CI systems, pods, Cognito; certificates) became which roles, from where?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1078.004", "T1199"]
-- example = "trailquery run web_identity_and_saml --provider token.actions.githubusercontent.com"
--
-- [params.provider]
-- type = "text"
-- default = ""
-- about = "Only providers whose name or ARN contains this; empty is all"
--
-- [columns]
-- first_seen = "First such call in scope (UTC)"
-- last_seen = "Last such call (UTC)"
-- identity_provider = "The SAML or OIDC provider, or the trust anchor of a certificate"
-- actor = "Who it vouched for: the subject of a token, the name of an assertion"
-- role_arn = "The role asked for"
-- calls = "Number of calls"
-- failed = "Of these, refused or failed"
-- client_ips = "From which addresses, sorted"
-- session_names = "At most ten session names, sorted"
-- account_id = "The account of the role"
-- ///
SELECT
    min(issued_at) AS first_seen, max(issued_at) AS last_seen, identity_provider, actor, role_arn,
    count(*) AS calls, count(*) FILTER (WHERE outcome <> 'success') AS failed,
    set_of(client_ip) AS client_ips, set_of(session_name)[1:10] AS session_names, account_id
FROM credential_issuance
WHERE
    (action IN (
        'sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity', 'rolesanywhere:CreateSession'
    )) IS TRUE
    AND ($provider = '' OR contains(identity_provider, $provider))
GROUP BY identity_provider, actor, principal_key, role_arn, account_id
ORDER BY first_seen, identity_provider, actor, role_arn, account_id
