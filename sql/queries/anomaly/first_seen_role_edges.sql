-- /// trailquery
-- title = "Roles assumed by somebody new"
-- question = "Which identities assumed a role, or tried to, that they had never assumed before?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1078.004", "T1550.001"]
-- example = "trailquery run first_seen_role_edges --since 2024-03-15"
--
-- [params.baseline_days]
-- type = "integer"
-- default = 14
-- about = "Days before the call (UTC) in which to look for events of its account"
--
-- [params.min_history_days]
-- type = "integer"
-- default = 14
-- about = "Of these, days that must have any, else nothing is called new; at most baseline_days"
--
-- [columns]
-- event_time = "The first time in all that the lake holds (UTC)"
-- actor = "Who asked for the role, readable"
-- role_arn = "The role"
-- role_known_since = "When anybody asked for that role first (UTC); the same time: a role nobody used before"
-- client_ip = "The address of who asked"
-- action = "sts:AssumeRole, sts:AssumeRoleWithSAML, sts:AssumeRoleWithWebIdentity, sts:AssumeRoot"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- session_name = "The session name asked for, chosen by who asked"
-- baseline = "How far new can be trusted: 12 of 14 days held before the call"
-- account_id = "The account that recorded it"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH first_calls AS (
    SELECT
        min_by(event_id, (event_time, event_id)) AS event_id,
        min(min(event_time)) OVER (PARTITION BY requested_role_arn) AS role_known_since
    FROM history
    WHERE service = 'sts' AND requested_role_arn IS NOT NULL AND NOT is_aws_call
    GROUP BY principal_key, requested_role_arn
)

SELECT
    event_time, actor, requested_role_arn AS role_arn, role_known_since, client_ip, action,
    outcome, error_code, json_extract_string(request, '$.roleSessionName') AS session_name,
    held_before(account_id, event_date, $baseline_days, $min_history_days) AS baseline,
    account_id, event_id
FROM events INNER JOIN first_calls USING (event_id)
WHERE baseline IS NOT NULL
ORDER BY event_time, event_id
