-- data_copies: one row a call of others than AWS that copies, exports or restores data, or tries to. What AWS does
-- itself, such as backups by a plan, is left out.
CREATE VIEW data_copies AS
WITH kinds AS (
    SELECT copy_of, unnest(actions) AS action
    FROM (
        VALUES
        ('disk or machine', [
            'ebs:GetSnapshotBlock', 'ebs:ListSnapshotBlocks', 'ec2:CopyImage', 'ec2:CopySnapshot',
            'ec2:CopyVolumes', 'ec2:CreateImage', 'ec2:CreateInstanceExportTask',
            'ec2:CreateSnapshot', 'ec2:CreateSnapshots', 'ec2:CreateStoreImageTask',
            'ec2:CreateVolume', 'ec2:ExportImage', 'lightsail:CopySnapshot',
            'lightsail:CreateDiskFromSnapshot', 'lightsail:CreateDiskSnapshot',
            'lightsail:CreateInstanceSnapshot', 'lightsail:CreateInstancesFromSnapshot',
            'lightsail:ExportSnapshot'
        ]),
        ('files', [
            'datasync:CreateLocationAzureBlob', 'datasync:CreateLocationEfs',
            'datasync:CreateLocationFsxLustre', 'datasync:CreateLocationFsxOntap',
            'datasync:CreateLocationFsxOpenZfs', 'datasync:CreateLocationFsxWindows',
            'datasync:CreateLocationHdfs', 'datasync:CreateLocationNfs',
            'datasync:CreateLocationObjectStorage', 'datasync:CreateLocationS3',
            'datasync:CreateLocationSmb', 'datasync:CreateTask', 'datasync:StartTaskExecution',
            'fsx:CopyBackup', 'fsx:CreateBackup', 'fsx:CreateFileSystemFromBackup',
            'fsx:CreateVolumeFromBackup'
        ]),
        ('database', [
            'cassandra:RestoreTable',
            'dms:CreateReplicationTask', 'dms:StartReplication', 'dms:StartReplicationTask',
            'docdb-elastic:CopyClusterSnapshot', 'docdb-elastic:CreateClusterSnapshot',
            'docdb-elastic:RestoreClusterFromSnapshot',
            'dynamodb:CreateBackup', 'dynamodb:ExportTableToPointInTime',
            'dynamodb:RestoreTableFromBackup', 'dynamodb:RestoreTableToPointInTime',
            'lightsail:CreateRelationalDatabaseFromSnapshot',
            'lightsail:CreateRelationalDatabaseSnapshot',
            'neptune-graph:CreateGraphSnapshot', 'neptune-graph:RestoreGraphFromSnapshot',
            'neptune-graph:StartExportTask',
            'rds:CopyDBClusterSnapshot', 'rds:CopyDBSnapshot', 'rds:CreateDBClusterSnapshot',
            'rds:CreateDBInstanceReadReplica', 'rds:CreateDBSnapshot',
            'rds:RestoreDBClusterFromSnapshot',
            'rds:RestoreDBClusterToPointInTime', 'rds:RestoreDBInstanceFromDBSnapshot',
            'rds:RestoreDBInstanceToPointInTime', 'rds:StartExportTask',
            'redshift:CopyClusterSnapshot', 'redshift:CreateClusterSnapshot',
            'redshift:RestoreFromClusterSnapshot', 'redshift:RestoreTableFromClusterSnapshot',
            'redshift-serverless:CreateSnapshot', 'redshift-serverless:RestoreFromRecoveryPoint',
            'redshift-serverless:RestoreFromSnapshot',
            'redshift-serverless:RestoreTableFromRecoveryPoint',
            'redshift-serverless:RestoreTableFromSnapshot'
        ]),
        ('log', [
            'logs:CreateExportTask', 'rds:DownloadCompleteDBLogFile',
            'rds:DownloadDBLogFilePortion'
        ]),
        ('secret', ['secretsmanager:ReplicateSecretToRegions']),
        ('cache', [
            'elasticache:CopyServerlessCacheSnapshot', 'elasticache:CopySnapshot',
            'elasticache:CreateServerlessCacheSnapshot', 'elasticache:CreateSnapshot',
            'elasticache:ExportServerlessCacheSnapshot',
            'memorydb:CopySnapshot', 'memorydb:CreateSnapshot'
        ]),
        ('backup', ['backup:StartBackupJob', 'backup:StartCopyJob', 'backup:StartRestoreJob'])
    ) AS listed (copy_of, actions)
)

SELECT
    events.*,
    kinds.copy_of,
    nullif(
        regexp_extract(
            events.request, '((?i)Bucket(Name|Arn)?|"destination)" ?: ?"([^"]*:)?([^"]+)"', 4
        ),
        ''
    ) AS to_bucket
FROM events INNER JOIN kinds ON events.action = kinds.action
WHERE
    NOT events.is_aws_call
    AND (events.action <> 'ec2:CreateVolume' OR contains(events.request, '"snap-'));  -- not empty

COMMENT ON VIEW data_copies IS
'Calls of others than AWS that copy, export or restore disks, files, databases, logs or secrets.';
COMMENT ON COLUMN data_copies.copy_of IS
'disk or machine, files, database, log, secret, cache, or backup: whatever a backup is of.';
COMMENT ON COLUMN data_copies.to_bucket IS
'The bucket named in the request: exported to, of DataSync also copied from; else NULL.';
