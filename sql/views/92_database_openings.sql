-- database_openings: one row a call that opens a database, a cache or a directory, or tries to: to who has a new
-- password, to identities of IAM, to the Data API, or to the Internet.
CREATE VIEW database_openings AS
WITH told AS (
    SELECT
        *,
        CASE
            WHEN
                action IN (
                    'rds:ModifyDBInstance', 'rds:ModifyDBCluster', 'rds:ModifyTenantDatabase',
                    'redshift:ModifyCluster', 'redshift-serverless:UpdateNamespace',
                    'docdb-elastic:UpdateCluster', 'lightsail:UpdateRelationalDatabase',
                    'elasticache:ModifyUser', 'elasticache:ModifyCacheCluster',
                    'elasticache:ModifyReplicationGroup', 'memorydb:UpdateUser',
                    'ds:ResetUserPassword', 'es:UpdateDomainConfig',
                    'es:UpdateElasticsearchDomainConfig'
                )
                AND regexp_matches(
                    request,
                    '"((master|admin)UserPassword|passwords|authToken|newPassword)" ?: ?["\[]'
                )
                THEN 'password'
            WHEN
                action IN (
                    'elasticache:ModifyUser', 'elasticache:ModifyCacheCluster',
                    'elasticache:ModifyReplicationGroup', 'es:UpdateDomainConfig',
                    'es:UpdateElasticsearchDomainConfig'
                )
                AND regexp_matches(
                    request,
                    '"(noPasswordRequired|anonymousAuthEnabled)" ?: ?true'
                    || '|"type" ?: ?"no-password-required"'
                    || '|"authTokenUpdateStrategy" ?: ?"DELETE"'
                )
                THEN 'no password'
            WHEN
                action IN (
                    'rds:ModifyDBInstance', 'rds:ModifyDBCluster', 'elasticache:ModifyUser',
                    'memorydb:UpdateUser'
                )
                AND regexp_matches(
                    request, '"enableIAMDatabaseAuthentication" ?: ?true|"type" ?: ?"iam"'
                )
                THEN 'IAM sign-in'
            WHEN
                action = 'rds:EnableHttpEndpoint'
                OR (
                    action = 'rds:ModifyDBCluster'
                    AND regexp_matches(request, '"enableHttpEndpoint" ?: ?true')
                )
                THEN 'Data API'
        END AS way,
        CASE
            WHEN
                action IN ('aoss:UpdateSecurityPolicy', 'kafka:UpdateConnectivity')
                AND regexp_matches(
                    request, 'AllowFromPublic\\?" ?: ?true|"SERVICE_PROVIDED_EIPS"'
                )
                THEN 'public address'
            WHEN
                service NOT IN (
                    'dms', 'lightsail', 'neptune-graph', 'rds', 'redshift', 'redshift-serverless',
                    'timestream-influxdb'
                )
                OR starts_with(api, 'Revoke')
                THEN NULL
            WHEN
                coalesce(
                    json_extract_string(request, '$.publiclyAccessible'),
                    json_extract_string(request, '$.publicConnectivity'),
                    CASE  -- of one that is changed the answer tells what was so before, too
                        WHEN regexp_matches(api, '^(Create|Restore)')
                            THEN json_extract_string(response, '$.publiclyAccessible')
                    END
                ) = 'true'
                THEN 'public address'
            WHEN is_world_network(json_extract_string(request, '$.cIDRIP'))
                THEN json_extract_string(request, '$.cIDRIP')
        END AS opened_to
    FROM management_events
)

SELECT * FROM told
WHERE way IS NOT NULL OR opened_to IS NOT NULL;

COMMENT ON VIEW database_openings IS
'Calls that open a database, cache or directory: a new password, another sign-in, the Internet.';
COMMENT ON COLUMN database_openings.way IS
'A way to sign in that is given: password (a new one), no password (none is asked for any more), '
'IAM sign-in, Data API; else NULL.';
COMMENT ON COLUMN database_openings.opened_to IS
'What of the Internet may reach it: public address, or the network let in; else NULL.';
