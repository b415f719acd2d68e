-- /// trailquery
-- title = "Users that IAM does not know"
-- question = "Who made users, or gave a password, rights or a sign-in, in services that keep users of their own: brokers, caches, directories, mail, desktops, dashboards, search?"
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
FROM footholds
WHERE
    (service IN (
        'amazonmq', 'aoss', 'appstream', 'cloud9', 'connect', 'ds-data', 'elasticache', 'grafana',
        'kafka', 'memorydb', 'quicksight', 'workdocs', 'workmail'
    )) IS TRUE
ORDER BY event_time, event_id
