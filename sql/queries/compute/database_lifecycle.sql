-- /// trailquery
-- title = "Databases created, changed and deleted"
-- question = "Which databases, caches and their snapshots were created, changed, rebooted, restored or deleted, and by whom?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1485", "T1578"]
-- example = "trailquery run database_lifecycle --database orders"
--
-- [params.database]
-- type = "text"
-- default = ""
-- about = "Only this database, cluster, table or snapshot, by name; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session, service"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "The database, cluster, table or snapshot"
-- is_public = "It is asked to be reachable from the Internet; NULL where the call does not say"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    try_cast(json_extract_string(request, '$.publiclyAccessible') AS BOOLEAN) AS is_public,
    outcome, error_code, account_id, region, event_id
FROM management_events
WHERE
    (
        service IN (
            'cassandra', 'dax', 'docdb-elastic', 'dsql', 'dynamodb', 'elasticache', 'es',
            'memorydb', 'neptune-graph', 'rds', 'redshift', 'redshift-serverless', 'timestream',
            'timestream-influxdb'
        )
        OR (service = 'lightsail' AND contains(api, 'RelationalDatabase'))
    )
    AND access = 'write'
    AND (
        $database = ''
        OR list_contains(list_transform(resources, lambda named: named.name), $database)
    )
ORDER BY event_time, event_id
