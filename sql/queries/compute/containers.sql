-- /// trailquery
-- title = "Clusters, services and images changed"
-- question = "Which clusters, services, task definitions, node groups, jobs or images were created, run, changed or deleted?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1610", "T1496"]
-- example = "trailquery run containers --service ecs"
--
-- [params.service]
-- type = "choice"
-- choices = ["any", "ecs", "eks", "ecr", "batch"]
-- default = "any"
-- about = "Only this service"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session, service"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "The cluster, service, task, node group, repository or job"
-- images = "Images that the request names"
-- wanted = "Tasks or nodes asked for; NULL where none are told"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    regexp_extract_all(coalesce(request, ''), '"image" ?: ?"([^"]+)"', 1) AS images,
    try_cast(
        coalesce(
            json_extract_string(request, '$.desiredCount'),
            json_extract_string(request, '$.count'),
            json_extract_string(request, '$.scalingConfig.desiredSize')
        ) AS INTEGER
    ) AS wanted,
    outcome, error_code, account_id, region, event_id
FROM management_events
WHERE
    (service IN ('ecs', 'eks', 'ecr', 'batch')) IS TRUE
    AND $service IN ('any', service)
    AND access = 'write'
    AND access_level IS DISTINCT FROM 'tagging'
ORDER BY event_time, event_id
