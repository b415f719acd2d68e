-- /// trailquery
-- title = "Changes before a failure"
-- question = "What changed on this role or resource in the hours before the failure?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run changes_before deploy-role 2024-03-01T10:05:00Z --hours 48"
--
-- [params.resource]
-- type = "text"
-- about = "The role, policy or resource: its name, id, ARN or target, such as s3://payroll"
--
-- [params.before]
-- type = "timestamp"
-- about = "When it failed first (UTC)"
--
-- [params.hours]
-- type = "integer"
-- default = 24
-- about = "How many hours before that to look at; the scope still holds"
--
-- [columns]
-- event_time = "When the change was made (UTC), the latest first"
-- minutes_before = "How many minutes before the failure"
-- actor = "Who made it, AWS included"
-- client_ip = "From which address"
-- action = "The call, service:api"
-- target = "What was changed"
-- policy = "Statements of the policies it sent: effect, actions and not-actions"
-- request = "What was asked, JSON text"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH policies AS (
    SELECT
        event_id, account_id,
        list_sort(list(statement_line(effect, actions, not_actions))) AS statements
    FROM policy_statements
    GROUP BY event_id, account_id
)

SELECT
    event_time, date_diff('minute', event_time, $before) AS minutes_before, actor, client_ip,
    action, target, coalesce(statements, []) AS policy, request, events.account_id, events.event_id
FROM events LEFT JOIN policies
    ON
        events.event_id = policies.event_id
        AND events.account_id IS NOT DISTINCT FROM policies.account_id
WHERE
    access = 'write'
    AND outcome = 'success'
    AND category <> 'data'
    AND event_time < $before
    AND event_time >= $before - to_hours($hours)
    AND (target = $resource OR mentions(resources, $resource))
ORDER BY event_time DESC, event_id
