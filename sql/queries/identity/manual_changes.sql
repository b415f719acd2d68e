-- /// trailquery
-- title = "Changes by hand"
-- question = "Which changes did people make by hand, in the console or a shell, rather than a pipeline?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1578"]
-- example = "trailquery run manual_changes --services ec2,iam --no-with-cli"
--
-- [params.services]
-- type = "list"
-- default = []
-- about = "Only these services, such as ec2,iam; empty is all"
--
-- [params.with_cli]
-- type = "boolean"
-- default = true
-- about = "Also the AWS CLI outside CloudShell: a person's, or a pipeline's that uses it"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, browser or cli; forgeable"
-- action = "service:api"
-- target = "What was changed; + added, - removed, ~ changed"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- session_id = "One issued credential set: the same for all keys of one console session"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, account_id, region, session_id, event_id
FROM changes
WHERE
    category = 'management'  -- not the sign-ins themselves
    AND (client IN ('console', 'cloudshell', 'browser') OR (client = 'cli' AND $with_cli))
    AND (len($services) = 0 OR service IN $services)
ORDER BY event_time, event_id
