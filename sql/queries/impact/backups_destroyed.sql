-- /// trailquery
-- title = "Ways back destroyed"
-- question = "Were backups deleted for good or given a week to live, or the making and keeping of backups switched off?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1490", "T1485"]
-- why = "Whoever wants a ransom first takes the ways back: vaults, their locks and policies, recovery points, automated backups, recovery by time. Harmless when a system is retired on purpose. Snapshots, images and versions of objects, which are pruned every day, are in recovery_weakened."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run backups_destroyed"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- action = "The call, service:api"
-- some_targets = "Up to ten of the vaults, points, plans, databases or tables, sorted"
-- calls = "Such calls"
-- outcomes = "success, denied, error: all that came, sorted"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, action, coalesce(set_of(target), [])[:10] AS some_targets,
    count(*) AS calls, set_of(outcome) AS outcomes, session_id,
    list_sort(list(event_id)) AS event_ids
FROM events
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
            'rbin:DeleteRule', 'rbin:UnlockRule', 's3:DeleteBucketReplication',
            'elasticfilesystem:DeleteReplicationConfiguration'
        )
        OR (
            action IN ('rds:ModifyDBInstance', 'rds:ModifyDBCluster')
            AND json_extract_string(request, '$.backupRetentionPeriod') = '0'
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
            action = 'backup:UpdateRecoveryPointLifecycle'
            AND regexp_matches(request, '(?i)"deleteAfterDays" ?: ?[1-7]\b')
        )
        OR (
            action = 'backup:UpdateRegionSettings'
            AND regexp_matches(request, '(?i)"\w+OptInPreference" ?: ?\{([^:}]+: ?false)+ ?\}')
        )
    )
GROUP BY actor, action, session_id
ORDER BY first_time, actor, action, session_id
