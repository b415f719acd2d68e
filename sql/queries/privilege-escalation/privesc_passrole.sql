-- /// trailquery
-- title = "Roles handed to services"
-- question = "Who handed a role to a service or machine (PassRole is never logged), and was the role used after that?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098.003", "T1548.005", "T1648"]
-- example = "trailquery run privesc_passrole --role Admin"
--
-- [params.role]
-- type = "text"
-- default = ""
-- about = "Only this role or instance profile, by name or ARN; empty is all"
--
-- [params.within_hours]
-- type = "integer"
-- default = 24
-- about = "Count the uses of the role in so many hours after the call"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What the role was handed to"
-- role = "The role or instance profile, as the request or the refusal names it"
-- outcome = "success, denied, error or dry-run; denied is mostly iam:PassRole itself"
-- error_code = "Why it did not work"
-- first_used = "First call made with the role after that (UTC); NULL if none, or if the profile has another name"
-- uses = "Calls made with it in that time, by whatever holds it"
-- used_from = "Addresses they came from, sorted"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH handed AS (
    SELECT
        *,
        coalesce(
            list_transform(
                list_filter(
                    resources,
                    lambda one: one.type IN ('AWS::IAM::Role', 'AWS::IAM::InstanceProfile')
                    AND regexp_matches(one.via, '^(errorMessage|request\..*([rR]ole|[pP]rofile))')
                ),
                lambda one: coalesce(one.arn, one.name)
            )[1],
            json_extract_string(request, '$.iamInstanceProfile.name'),
            json_extract_string(request, '$.*.IamInstanceProfile.Name')[1],
            CASE service
                WHEN 'glue' THEN json_extract_string(request, '$.role')
                WHEN 'datapipeline'
                    THEN regexp_extract_all(request, '[rR]ole", ?"stringValue": ?"([^"]+)"', 1)[1]
            END
        ) AS role
    FROM events
    WHERE access = 'write' AND service NOT IN ('backup', 'iam', 'sts') AND NOT is_aws_call
),

uses AS (
    SELECT
        handed.event_id, min(used.event_time) AS first_used, count(*) AS uses,
        set_of(used.client_ip) AS used_from
    FROM handed INNER JOIN history AS used
        ON
            regexp_extract(handed.role, '[^/]+$') = used.role_name
            AND handed.account_id = used.account_id
            AND used.event_time > handed.event_time
            AND used.event_time <= handed.event_time + to_hours($within_hours)
    WHERE handed.outcome = 'success'
    GROUP BY handed.event_id
)

SELECT
    handed.event_time, handed.actor, handed.client_ip, handed.client, handed.action, handed.target,
    handed.role, handed.outcome, handed.error_code, uses.first_used,
    coalesce(uses.uses, 0) AS uses, coalesce(uses.used_from, []) AS used_from,
    handed.account_id, handed.region, handed.event_id
FROM handed LEFT JOIN uses ON handed.event_id = uses.event_id
WHERE handed.role IS NOT NULL AND $role IN ('', handed.role, regexp_extract(handed.role, '[^/]+$'))
ORDER BY event_time, event_id
