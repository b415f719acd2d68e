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
WITH starts AS (
    SELECT * FROM management_events
    WHERE
        service = 'cloudformation'
        AND access = 'write'
        AND NOT is_aws_call
        AND (
            $stack = ''
            OR list_contains(list_transform(resources, lambda named: named.name), $stack)
        )
),

failures AS (
    SELECT
        starts.event_id, count(*) AS failed_after,
        min_by(failed.action || ' ' || failed.error_code, (failed.event_time, failed.event_id))
            AS first_failure
    FROM starts INNER JOIN history AS failed
        ON
            failed.account_id = starts.account_id
            AND failed.invoked_by = 'cloudformation.amazonaws.com'
            AND failed.outcome <> 'success'
            AND failed.event_time BETWEEN starts.event_time
            AND starts.event_time + INTERVAL 1 HOUR
    GROUP BY starts.event_id
)

SELECT
    starts.event_time, starts.actor, starts.client_ip, starts.action, starts.target,
    starts.requested_role_arn AS role_arn, starts.outcome, starts.error_code,
    coalesce(failures.failed_after, 0) AS failed_after,
    failures.first_failure, starts.account_id, starts.region, starts.event_id
FROM starts LEFT JOIN failures ON starts.event_id = failures.event_id
ORDER BY event_time, event_id
