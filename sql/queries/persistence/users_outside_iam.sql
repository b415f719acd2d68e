-- /// trailquery
-- title = "Users that IAM does not know"
-- question = "Who made users, or gave a password, rights or a sign-in, in services that keep users of their own: brokers, caches, directories, mail, desktops, dashboards, search, data lakes, applications?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1136.003", "T1098.003"]
-- example = "trailquery run users_outside_iam"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The user, group, policy or workspace"
-- outlives = "What was given: identity, credential, rights or trust"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, kind AS outlives, outcome, error_code,
    account_id, region, event_id
FROM footholds AS made
WHERE
    (service IN (
        'amazonmq', 'aoss', 'appstream', 'cloud9', 'connect', 'ds', 'ds-data', 'elasticache',
        'grafana', 'kafka', 'lakeformation', 'memorydb', 'quicksight', 'workdocs', 'workmail'
    )) IS TRUE
    OR (
        service = 'cognito-idp'
        AND kind IN ('identity', 'credential', 'rights')
        AND NOT EXISTS (  -- an application makes its users every day
            SELECT 1 FROM history AS earlier
            WHERE
                earlier.action = made.action
                AND earlier.principal_key = made.principal_key
                AND earlier.event_date < made.event_date
        )
    )
ORDER BY event_time, event_id
