-- /// trailquery
-- title = "Timeline of a resource"
-- question = "Who touched this resource, when, how, and did it work?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run timeline_resource sg-0abc1234 --no-writes-only"
--
-- [params.resource]
-- type = "text"
-- about = "Id, name, ARN, or the target as other queries show it; an ARN also finds the bare name in its account"
--
-- [params.writes_only]
-- type = "boolean"
-- default = true
-- about = "Leave out reads"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session, service"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What the call was aimed at; the resource may be only mentioned"
-- via = "Where the record names the resource: resources, request..., response..., errorMessage"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH mentions AS (
    SELECT
        *,
        list_filter(
            resources,
            lambda named: $resource IN (named.name, named.arn)
            OR (named.arn IS NULL AND is_arn_of($resource, named.name, named.type, account_id))
        ) AS named
    FROM events
    WHERE access = 'write' OR NOT $writes_only
)

SELECT
    event_time, actor, client_ip, client, action, target,
    list_sort(list_distinct(list_transform(named, lambda one: one.via))) AS via,
    outcome, error_code, account_id, region, event_id
FROM mentions
WHERE len(named) > 0 OR target = $resource
ORDER BY event_time, event_id
