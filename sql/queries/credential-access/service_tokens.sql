-- /// trailquery
-- title = "Credentials of other services"
-- question = "Who obtained credentials that are no session of a user or role: for registries, databases, buckets, machines, certificates, devices, APIs, key pairs?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1528", "T1552"]
-- example = "trailquery run service_tokens --since 7d"
--
-- [columns]
-- first_seen = "First such call in scope (UTC)"
-- last_seen = "Last such call (UTC)"
-- actor = "Who asked"
-- client_ips = "From which addresses, sorted"
-- action = "The call, service:api"
-- asked_since = "First such call of that identity held, in scope or not (UTC)"
-- calls = "Number of calls in scope"
-- failed = "Of these, refused or failed"
-- targets = "At most ten of what they are for, sorted"
-- account_id = "The account"
-- event_ids = "The calls in scope, sorted"
-- ///
WITH asked AS (
    SELECT * FROM events
    WHERE
        NOT is_aws_call
        AND (
            action IN (
                'cognito-identity:GetCredentialsForIdentity', 'cognito-identity:GetOpenIdToken',
                'cognito-identity:GetOpenIdTokenForDeveloperIdentity', 'ecr:GetAuthorizationToken',
                'ecr-public:GetAuthorizationToken', 'codeartifact:GetAuthorizationToken',
                'redshift:GetClusterCredentials', 'redshift:GetClusterCredentialsWithIAM',
                'redshift-serverless:GetCredentials',
                'elasticmapreduce:GetClusterSessionCredentials',
                'lightsail:GetRelationalDatabaseMasterUserPassword',
                'lightsail:DownloadDefaultKeyPair', 'lightsail:CreateBucketAccessKey',
                'acm:ExportCertificate', 'acm-pca:IssueCertificate', 'iot:CreateKeysAndCertificate',
                'ec2:CreateKeyPair', 'appsync:CreateApiKey', 'apigateway:CreateApiKey',
                'sts:GetWebIdentityToken', 'sso-oauth:CreateTokenWithIAM', 's3:GetDataAccess',
                'ssm:GetAccessToken'
            )
            OR (
                action IN ('apigateway:GetApiKey', 'apigateway:GetApiKeys')
                AND regexp_matches(request, '"includeValues?" ?: ?"?true')
            )
        )
),

first_calls AS (
    SELECT principal_key, action, min(event_time) AS asked_since
    FROM history
    WHERE action IN (SELECT asked.action FROM asked)
    GROUP BY principal_key, action
)

SELECT
    min(asked.event_time) AS first_seen, max(asked.event_time) AS last_seen, asked.actor,
    set_of(asked.client_ip) AS client_ips, asked.action, first_calls.asked_since, count(*) AS calls,
    count(*) FILTER (WHERE asked.outcome <> 'success') AS failed,
    set_of(asked.target)[1:10] AS targets, asked.account_id,
    list_sort(list(asked.event_id)) AS event_ids
FROM asked
INNER JOIN first_calls
    ON asked.principal_key = first_calls.principal_key AND asked.action = first_calls.action
GROUP BY
    asked.actor, asked.principal_key, asked.action, first_calls.asked_since, asked.account_id
ORDER BY first_seen, asked.actor, asked.action, asked.account_id
