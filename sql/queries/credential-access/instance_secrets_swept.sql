-- /// trailquery
-- title = "Passwords or user data of many instances asked for"
-- question = "Which sessions asked for the Windows password of many instances, or in vain for their user data?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1552.005", "T1555"]
-- why = "An administrator fetches the password of the machine to sign in to; one after another, or user data that the identity may not read, is a search for credentials. Harmless where new Windows machines are enrolled by a script."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run instance_secrets_swept --min-instances 10"
--
-- [params.min_instances]
-- type = "integer"
-- default = 5
-- about = "Different instances in one clock hour, at or above which a session is listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who asked"
-- client_ips = "From which addresses, sorted"
-- user_agents = "With which clients, sorted; forgeable"
-- action = "The call, service:api"
-- instances = "Number of different instances"
-- worked = "Calls that were answered"
-- failed = "Calls that were refused or failed"
-- account_id = "The account of the instances"
-- session_id = "The session"
-- event_ids = "The calls, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, actor, set_of(client_ip) AS client_ips,
    set_of(user_agent) AS user_agents, action, count(DISTINCT target) AS instances,
    count(*) FILTER (WHERE outcome = 'success') AS worked,
    count(*) FILTER (WHERE outcome <> 'success') AS failed, account_id, session_id,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    NOT is_aws_call
    AND (
        action = 'ec2:GetPasswordData'
        OR (
            action = 'ec2:DescribeInstanceAttribute'
            AND json_extract_string(request, '$.attribute') = 'userData'
            AND outcome <> 'success'
        )
    )
GROUP BY date_trunc('hour', event_time), actor, action, account_id, session_id
HAVING count(DISTINCT target) >= $min_instances
ORDER BY hour_start, actor, action, account_id, session_id
