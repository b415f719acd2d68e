-- /// trailquery
-- title = "Master password of a database reset"
-- question = "Who reset the master password of a database, or of a user of a cache or directory?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1098"]
-- why = "Whoever sets the master password reads the whole database, and shuts out who knew the old one. Harmless as a planned rotation, which Secrets Manager mostly does by itself, or where Terraform holds the password."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run database_password_changes"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who reset it"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "The database, cluster, user or directory"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM management_events
WHERE
    NOT is_aws_call
    AND action IN (
        'rds:ModifyDBInstance', 'rds:ModifyDBCluster', 'redshift:ModifyCluster',
        'redshift-serverless:UpdateNamespace', 'docdb-elastic:UpdateCluster',
        'lightsail:UpdateRelationalDatabase', 'elasticache:ModifyUser', 'memorydb:UpdateUser',
        'elasticache:ModifyReplicationGroup', 'ds:ResetUserPassword'
    )
    AND len(list_filter(
        json_extract_string(request, [
            '$.masterUserPassword', '$.adminUserPassword', '$.passwords', '$.authToken',
            '$.authenticationMode.passwords', '$.newPassword'
        ]),
        lambda secret: secret IS NOT NULL
    )) > 0
ORDER BY event_time, event_id
