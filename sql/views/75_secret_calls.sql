-- secret_calls: one row a call for secrets, whatever the scope and whether it got them: of Secrets Manager and the
-- Parameter Store, of machines (passwords, start scripts, what stands on their consoles), and credentials of other
-- services, which are no session of a user or role.
CREATE VIEW secret_calls AS
WITH calls AS (
    SELECT
        *,
        CASE
            WHEN
                action IN (
                    'secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue',
                    'ssm:DescribeParameters'
                )
                AND (
                    contains(request, '"!')  -- all but what the filter names
                    OR regexp_matches(request, '"key": *"[Nn]ame"|"secretIdList"') IS NOT TRUE
                )
                THEN CASE WHEN api = 'BatchGetSecretValue' THEN 'batch' ELSE 'listing' END
            WHEN
                action IN ('secretsmanager:GetSecretValue', 'secretsmanager:BatchGetSecretValue')
                OR (
                    service = 'ssm' AND json_extract_string(request, '$.withDecryption') = 'true'
                )
                THEN 'value'
            WHEN
                action IN (
                    'ec2:GetPasswordData', 'ec2:GetConsoleOutput', 'ec2:GetConsoleScreenshot',
                    'ec2:GetLaunchTemplateData', 'lightsail:GetInstanceAccessDetails'
                )
                OR (
                    action = 'ec2:DescribeInstanceAttribute'
                    AND (
                        json_extract_string(request, '$.attribute') = 'userData'
                        -- a refusal may not tell which
                        OR (request IS NULL AND outcome = 'denied')
                    )
                )
                THEN 'machine'
            WHEN
                action IN (
                    'cognito-identity:GetCredentialsForIdentity', 'cognito-identity:GetOpenIdToken',
                    'cognito-identity:GetOpenIdTokenForDeveloperIdentity',
                    'ecr:GetAuthorizationToken', 'ecr-public:GetAuthorizationToken',
                    'lightsail:CreateContainerServiceRegistryLogin',
                    'codeartifact:GetAuthorizationToken', 'connect:GetFederationToken',
                    'iam:CreateServiceSpecificCredential', 'iam:ResetServiceSpecificCredential',
                    'lakeformation:GetTemporaryDataLocationCredentials',
                    'lakeformation:GetTemporaryGluePartitionCredentials',
                    'lakeformation:GetTemporaryGlueTableCredentials',
                    'redshift:GetClusterCredentials',
                    'redshift:GetClusterCredentialsWithIAM', 'redshift-serverless:GetCredentials',
                    'elasticmapreduce:GetClusterSessionCredentials',
                    'lightsail:GetRelationalDatabaseMasterUserPassword',
                    'lightsail:DownloadDefaultKeyPair', 'lightsail:CreateBucketAccessKey',
                    'acm:ExportCertificate', 'acm-pca:IssueCertificate',
                    'iot:CreateKeysAndCertificate', 'ec2:CreateKeyPair', 'appsync:CreateApiKey',
                    'apigateway:CreateApiKey', 'geo:CreateKey', 'sts:GetWebIdentityToken',
                    'sso-oauth:CreateTokenWithIAM', 's3:GetDataAccess', 'ssm:GetAccessToken',
                    'airflow:CreateCliToken', 'airflow:CreateWebLoginToken',
                    'grafana:CreateWorkspaceApiKey', 'grafana:CreateWorkspaceServiceAccountToken'
                )
                OR (  -- with the password of the database, unless that is left out
                    action IN ('glue:GetConnection', 'glue:GetConnections')
                    AND regexp_matches(request, '"hidePassword" ?: ?true') IS NOT TRUE
                )
                OR (
                    action IN ('apigateway:GetApiKey', 'apigateway:GetApiKeys')
                    AND regexp_matches(request, '"includeValues?" ?: ?"?true')
                )
                THEN 'token'
        END AS secret_kind
    FROM history
    WHERE NOT is_aws_call
)

SELECT
    *,
    list_transform(
        list_filter(
            resources,
            lambda one: one.type IN ('AWS::SecretsManager::Secret', 'AWS::SSM::Parameter')
        ),
        lambda one: ltrim(one.name, '/')
    ) AS secrets,
    coalesce(
        event_date > min(event_date) FILTER (WHERE outcome = 'success')
            OVER (PARTITION BY principal_key, client_ip, account_id, action, request),
        FALSE
    ) AS got_before
FROM calls
WHERE secret_kind IS NOT NULL;

COMMENT ON VIEW secret_calls IS
'Calls of others than AWS for secrets, whether they got them or not, whatever the scope.';
COMMENT ON COLUMN secret_calls.secret_kind IS
'listing (names of secrets and parameters, by no filter or one other than the name), batch (values '
'by such a filter), value (of those named; decrypted), machine (its password, start script or '
'console), token (credentials of another service).';
COMMENT ON COLUMN secret_calls.secrets IS
'The secrets and parameters that the call names, without a leading /.';
COMMENT ON COLUMN secret_calls.got_before IS
'The identity got the same from the same address on an earlier day, in scope or not.';
