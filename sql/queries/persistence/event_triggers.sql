-- /// trailquery
-- title = "Triggers set up"
-- question = "Which rules, schedules, notifications, subscriptions, rotations, sign-ins or event sources were set up or redirected to run code?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1546"]
-- example = "trailquery run event_triggers"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The rule, schedule, bucket, topic or event source"
-- runs = "What it runs or tells, by ARN, sorted"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    list_sort(
        list_distinct(
            list_filter(
                list_transform(resources, lambda named: named.arn),
                lambda arn: regexp_matches(
                    arn, ':(lambda|sqs|sns|states|ecs|ssm|firehose|codebuild|batch):'
                )
            )
        )
    ) AS runs,
    outcome, error_code, account_id, region, event_id
FROM footholds
WHERE kind = 'trigger'
ORDER BY event_time, event_id
