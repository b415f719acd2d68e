-- /// trailquery
-- title = "Stacks deployed"
-- question = "Which CloudFormation stacks and change sets ran, by whom, and what failed under them?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1648"]
-- example = "trailquery run infrastructure_stacks --stack web"
--
-- [params.stack]
-- type = "text"
-- default = ""
-- about = "Only this stack, by name; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- action = "The call, service:api"
-- target = "The stack, change set or stack set"
-- role_arn = "The role that the stack is to use, where the call names one"
-- outcome = "success, denied or error: of the call that starts it, not of what it starts"
-- error_code = "Why it did not start"
-- failed_after = "Calls of CloudFormation in that account that failed within the hour after, of any stack"
-- first_failure = "The first of them: call and error"
-- account_id = "The account of the stack"
-- region = "The region of the stack"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH failures AS (
    SELECT
        starts.event_id, count(*) AS failed_after,
        min_by(failed.action || ' ' || failed.error_code, (failed.event_time, failed.event_id))
            AS first_failure
    FROM events AS starts INNER JOIN history AS failed USING (account_id)
    WHERE
        starts.service = 'cloudformation'
        AND starts.access = 'write'
        AND failed.invoked_by = 'cloudformation.amazonaws.com'
        AND failed.outcome <> 'success'
        AND failed.event_time - starts.event_time BETWEEN INTERVAL 0 HOUR AND INTERVAL 1 HOUR
    GROUP BY starts.event_id
)

SELECT
    event_time, actor, client_ip, action, target, requested_role_arn AS role_arn, outcome,
    error_code, coalesce(failed_after, 0) AS failed_after, first_failure, account_id, region,
    event_id
FROM management_events LEFT JOIN failures USING (event_id)
WHERE
    service = 'cloudformation'
    AND access = 'write'
    AND NOT is_aws_call
    AND ($stack = '' OR mentions(resources, $stack))
ORDER BY event_time, event_id
