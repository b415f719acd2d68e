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
WITH uses AS (
    SELECT
        passed.event_id, min(used.event_time) AS first_used, count(*) AS uses,
        set_of(used.client_ip) AS used_from
    FROM passed_roles AS passed INNER JOIN history AS used
        ON
            passed.account_id = used.account_id
            AND passed.passed_role_name = used.role_name
            AND used.event_time > passed.event_time
            AND used.event_time <= passed.event_time + to_hours($within_hours)
    WHERE passed.outcome = 'success'
    GROUP BY passed.event_id
)

SELECT
    event_time, actor, client_ip, client, action, target, passed_role AS role, outcome, error_code,
    first_used, coalesce(uses, 0) AS uses, coalesce(used_from, []) AS used_from,
    account_id, region, event_id
FROM passed_roles LEFT JOIN uses USING (event_id)
WHERE $role IN ('', passed_role, passed_role_name)
ORDER BY event_time, event_id
