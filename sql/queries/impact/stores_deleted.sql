-- /// trailquery
-- title = "Data stores deleted for good"
-- question = "Which tables, databases, file systems, streams, search domains, repositories, user pools, zones or secrets, not just made, were deleted?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1485"]
-- example = "trailquery run stores_deleted --min-age-hours 0"
--
-- [params.min_age_hours]
-- type = "integer"
-- default = 24
-- about = "Hours since the store was made, below which it is left out, as tests make and drop them"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "iac is what a planned teardown looks like; forgeable"
-- action = "The call, service:api"
-- target = "What was deleted"
-- last_copy = "A database: whether a last snapshot was taken; a secret: whether it can be brought back; else NULL"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that had it"
-- region = "The region that had it"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH makings AS (
    SELECT account_id, region, service, target, event_time AS made_at
    FROM history
    WHERE starts_with(api, 'Create') AND outcome = 'success'
)

SELECT
    event_time, actor, client_ip, client, action, target,
    CASE
        WHEN regexp_matches(request, '"(skipFinal\w*|forceDelete\w*)" ?: ?true') THEN FALSE
        WHEN regexp_matches(request, '"(final\w*Snapshot\w*|recoveryWindow\w*)"') THEN TRUE
    END AS last_copy,
    outcome, error_code, account_id, region, event_id
FROM events AS deletion
WHERE
    action IN (
        'aoss:DeleteCollection', 'cassandra:DropKeyspace', 'cassandra:DropTable',
        'codecommit:DeleteRepository', 'cognito-idp:DeleteUserPool',
        'docdb-elastic:DeleteCluster', 'dsql:DeleteCluster', 'dynamodb:DeleteTable',
        'ecr:DeleteRepository', 'elasticache:DeleteCacheCluster',
        'elasticache:DeleteReplicationGroup', 'elasticache:DeleteServerlessCache',
        'elasticfilesystem:DeleteFileSystem', 'es:DeleteDomain',
        'es:DeleteElasticsearchDomain', 'fsx:DeleteFileSystem', 'fsx:DeleteVolume',
        'kafka:DeleteCluster', 'kinesis:DeleteStream', 'lightsail:DeleteRelationalDatabase',
        'memorydb:DeleteCluster', 'neptune-graph:DeleteGraph',
        'rds:DeleteDBCluster', 'rds:DeleteDBInstance', 'rds:DeleteGlobalCluster',
        'redshift-serverless:DeleteNamespace', 'redshift:DeleteCluster',
        'route53:DeleteHostedZone', 's3tables:DeleteTable', 's3vectors:DeleteVectorBucket',
        'secretsmanager:DeleteSecret', 'timestream:DeleteDatabase', 'timestream:DeleteTable',
        'workmail:DeleteOrganization'
    )
    AND NOT is_aws_call
    AND NOT EXISTS (
        SELECT 1 FROM makings
        WHERE
            makings.account_id = deletion.account_id
            AND makings.region = deletion.region
            AND makings.service = deletion.service
            AND makings.target = deletion.target
            AND makings.made_at <= deletion.event_time
            AND makings.made_at > deletion.event_time - to_hours($min_age_hours)
    )
ORDER BY event_time, event_id
