-- /// trailquery
-- title = "Roles of services taken by others"
-- question = "Which roles that AWS services take were also asked for by a user or another role?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1548.005", "T1078.004"]
-- example = "trailquery run service_role_used_by_person --since 7d"
--
-- [columns]
-- first_seen = "First such call in scope (UTC)"
-- last_seen = "Last such call (UTC)"
-- actor = "Who asked for the role"
-- role_arn = "The role"
-- services = "AWS services that take it, sorted"
-- by_services = "Times they took it, in scope or not"
-- by_others = "Times that others got it, in scope or not: few beside many is odd"
-- calls = "Calls of this actor in scope"
-- failed = "Of these, refused or failed"
-- client_ips = "From which addresses, sorted"
-- account_id = "The account that recorded the call"
-- event_ids = "The calls in scope, sorted"
-- ///
WITH takers AS (
    SELECT
        requested_role_arn AS role_arn,
        list_sort(list(DISTINCT actor) FILTER (WHERE is_aws_call)) AS services,
        count(*) FILTER (WHERE is_aws_call) AS by_services,
        count(*) FILTER (WHERE NOT is_aws_call AND outcome = 'success') AS by_others
    FROM history
    WHERE action = 'sts:AssumeRole'
    GROUP BY requested_role_arn
    HAVING count(*) FILTER (WHERE is_aws_call) > 0
)

SELECT
    min(asked.issued_at) AS first_seen, max(asked.issued_at) AS last_seen,
    asked.actor, asked.role_arn,
    any_value(takers.services) AS services, any_value(takers.by_services) AS by_services,
    any_value(takers.by_others) AS by_others, count(*) AS calls,
    count(*) FILTER (WHERE asked.outcome <> 'success') AS failed,
    set_of(asked.client_ip) AS client_ips, asked.account_id,
    list_sort(list(asked.event_id)) AS event_ids
FROM credential_issuance AS asked
INNER JOIN takers ON asked.role_arn = takers.role_arn
WHERE asked.action = 'sts:AssumeRole' AND NOT asked.is_aws_call
GROUP BY asked.actor, asked.principal_key, asked.role_arn, asked.account_id
ORDER BY first_seen, asked.actor, asked.role_arn, asked.account_id
