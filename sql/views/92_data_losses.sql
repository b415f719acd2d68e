-- data_losses: one row a call of others than AWS and each thing it takes, or tries to: data, or a way back to it.
-- Whoever wants a ransom first takes the ways back; a retired system loses them, too.
CREATE VIEW data_losses AS
WITH weakened AS (
    SELECT
        *,
        CASE
            WHEN regexp_matches(api, '^((Batch)?Delete\w*Snapshots?|DeregisterImage)$')
                THEN 'snapshot or image deleted'
            WHEN
                api = 'PutBucketVersioning' AND regexp_matches(request, '"Status" ?: ?"Suspended"')
                THEN 'versioning suspended'
            WHEN  -- root alone may allow it
                identity_type = 'Root'
                AND regexp_matches(request, '(?i)"MfaDelete" ?: ?"Disabled"')
                THEN 'deletion without MFA'
            WHEN api LIKE 'Put%ObjectLockConfiguration' AND NOT contains(request, '"Rule"')
                THEN 'no lock of new objects'
            WHEN expires_in_days(request, event_time, FALSE) <= 7
                THEN 'expiry within a week'
            WHEN regexp_matches(request, '"skip(Final(Cluster)?)?(Snapshot|Backup)" ?: ?"?true')
                THEN 'no last snapshot'
            WHEN
                regexp_matches(
                    api, '^(Modify|Update|SetTerminationProtection|Put\w+DeletionProtection)'
                )
                AND regexp_matches(
                    request,
                    '(?i)"(delet(e|ion)_?protect(ion|ed)(\.?enabled)?'
                    || '|(enable)?terminationprotect(ed|ion)(enabled)?'
                    || '|disableapi(termination|stop))"'
                    || '(, ?"value")? ?: ?(\{ ?"value" ?: ?)?("?false|"(inactive|disabled|none)")'
                )
                OR api IN ('DisableImageDeregistrationProtection', 'UnlockSnapshot')
                THEN 'deletion protection lifted'
        END AS loss
    FROM management_events
    WHERE access = 'write' AND NOT is_aws_call
)

SELECT * FROM weakened
WHERE loss IS NOT NULL
UNION ALL
SELECT *, 'backup destroyed' AS loss FROM events AS lost
WHERE
    NOT is_aws_call
    AND (
        action IN (
            'backup:DeleteBackupPlan', 'backup:DeleteBackupSelection',
            'backup:DeleteBackupVault', 'backup:DeleteBackupVaultAccessPolicy',
            'backup:DeleteBackupVaultLockConfiguration',
            'backup:DeleteRecoveryPoint', 'backup:DisassociateRecoveryPoint',
            'rds:DeleteDBInstanceAutomatedBackup', 'rds:DeleteDBClusterAutomatedBackup',
            'rds:StopDBInstanceAutomatedBackupsReplication', 'dynamodb:DeleteBackup',
            'fsx:DeleteBackup', 'cloudhsm:DeleteBackup', 'dlm:DeleteLifecyclePolicy',
            'drs:DeleteSourceServer', 'drs:DisconnectSourceServer', 'drs:StopReplication',
            'rbin:DeleteRule', 'rbin:UnlockRule', 's3:DeleteBucketReplication',
            'elasticfilesystem:DeleteReplicationConfiguration'
        )
        OR (
            regexp_matches(api, '^(Modify|Update)')
            AND regexp_matches(
                request,
                '"(backupRetentionPeriod|automatedSnapshotRetentionPeriod|snapshotRetentionLimit'
                || '|automaticBackupRetentionDays)" ?: ?0\b'
            )
        )
        OR (
            action = 'dynamodb:UpdateContinuousBackups'
            AND regexp_matches(request, '"pointInTimeRecoveryEnabled" ?: ?false')
        )
        OR (
            action = 'elasticfilesystem:PutBackupPolicy'
            AND regexp_matches(request, '"DISABL(ED|ING)"')
        )
        OR (
            action = 'dlm:UpdateLifecyclePolicy'
            AND regexp_matches(request, '(?i)"state" ?: ?"DISABLED"')
        )
        OR (
            action = 'backup:UpdateRecoveryPointLifecycle'
            AND regexp_matches(request, '(?i)"deleteAfterDays" ?: ?[1-7]\b')
        )
        OR (
            action = 'backup:UpdateRegionSettings'
            AND regexp_matches(request, '(?i)"\w+OptInPreference" ?: ?\{([^:}]+: ?false)+ ?\}')
        )
    )
    AND NOT EXISTS (  -- what a plan backs up cannot be changed, only made anew
        SELECT 1 FROM history AS made
        WHERE
            lost.action = 'backup:DeleteBackupSelection'
            AND made.action = 'backup:CreateBackupSelection'
            AND made.outcome = 'success'
            AND made.account_id = lost.account_id
            AND json_extract_string(made.request, '$.backupPlanId')
            = json_extract_string(lost.request, '$.backupPlanId')
            AND abs(date_diff('minute', made.event_time, lost.event_time)) <= 60
    )
UNION ALL
SELECT *, 'data store deleted' AS loss FROM events
WHERE
    (action IN (
        'aoss:DeleteCollection', 'cassandra:DropKeyspace', 'cassandra:DropTable',
        'codeartifact:DeleteRepository', 'codecommit:DeleteRepository',
        'cognito-idp:DeleteUserPool', 'docdb-elastic:DeleteCluster', 'dsql:DeleteCluster',
        'dynamodb:DeleteTable', 'ecr-public:DeleteRepository', 'ecr:DeleteRepository',
        'elasticache:DeleteCacheCluster', 'elasticache:DeleteReplicationGroup',
        'elasticache:DeleteServerlessCache', 'elasticfilesystem:DeleteFileSystem',
        'es:DeleteDomain', 'es:DeleteElasticsearchDomain', 'fsx:DeleteFileSystem',
        'fsx:DeleteVolume', 'kafka:DeleteCluster', 'kinesis:DeleteStream',
        'kinesisvideo:DeleteStream', 'lightsail:DeleteRelationalDatabase', 'memorydb:DeleteCluster',
        'neptune-graph:DeleteGraph', 'rds:DeleteDBCluster', 'rds:DeleteDBInstance',
        'rds:DeleteGlobalCluster', 'redshift-serverless:DeleteNamespace', 'redshift:DeleteCluster',
        'route53:DeleteHostedZone', 's3tables:DeleteTable', 's3vectors:DeleteVectorBucket',
        'secretsmanager:DeleteSecret', 'timestream-influxdb:DeleteDbInstance',
        'timestream:DeleteDatabase', 'timestream:DeleteTable', 'workmail:DeleteOrganization'
    )) IS TRUE
    AND NOT is_aws_call;

COMMENT ON VIEW data_losses IS
'Calls of others than AWS that take data, or a way back to it: a row for each thing a call takes.';
COMMENT ON COLUMN data_losses.loss IS
'snapshot or image deleted, versioning suspended, deletion without MFA, no lock of new objects, '
'expiry within a week (of objects), no last snapshot, deletion protection lifted; '
'backup destroyed: or given a week to live, or the making of backups switched off; '
'data store deleted: a table, database, file system, stream, repository, secret, zone.';
