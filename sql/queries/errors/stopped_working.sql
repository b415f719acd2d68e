-- /// trailquery
-- title = "Calls that stopped working"
-- question = "Which calls used to succeed for an identity and now only fail, since when, and why?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run stopped_working --actor ci-deploy --since 2024-03-01"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id, access key or service; empty is everyone, AWS too"
--
-- [params.min_successes]
-- type = "integer"
-- default = 3
-- about = "How often it must have worked before, at least, in all that the lake holds"
--
-- [columns]
-- actor = "User, role (all its sessions), service"
-- action = "The call, service:api"
-- last_success = "When it worked last (UTC)"
-- successes = "How often it had worked"
-- first_failure = "When it failed first after that (UTC)"
-- failures = "How often it failed since; it never worked again"
-- error_codes = "With which codes, sorted"
-- last_message = "The message of the last failure"
-- account_id = "The account that was acted on"
-- first_failure_id = "The first failure; see: trailquery run changes_before"
-- event_ids = "The failures, sorted"
-- ///
WITH successes AS (
    SELECT
        principal_key, action, account_id, count(*) AS successes, max(event_time) AS last_success
    FROM history
    WHERE outcome = 'success'
    GROUP BY principal_key, action, account_id
    HAVING count(*) >= $min_successes
)

SELECT
    max(coalesce(role_name, actor)) AS actor, action, last_success, successes,
    min(event_time) AS first_failure, count(*) AS failures, set_of(error_code) AS error_codes,
    max_by(error_message, (event_time, event_id)) AS last_message, account_id,
    min_by(event_id, (event_time, event_id)) AS first_failure_id,
    list_sort(list(event_id)) AS event_ids
FROM api_errors INNER JOIN successes USING (principal_key, action, account_id)
WHERE
    event_time > last_success
    AND error_class NOT IN ('throttled', 'dry-run')
    AND $actor IN (
        '', api_errors.actor, actor_arn, principal_key, principal_id, user_name, role_arn,
        role_name, access_key_id
    )
GROUP BY principal_key, action, account_id, last_success, successes
ORDER BY first_failure, action, principal_key, account_id
