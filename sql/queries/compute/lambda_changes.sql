-- /// trailquery
-- title = "Functions changed"
-- question = "Which Lambda functions were created, changed, opened or deleted, by whom, and what code runs now?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1648"]
-- example = "trailquery run lambda_changes --function orders-intake"
--
-- [params.function]
-- type = "text"
-- default = ""
-- about = "Only this function, by name; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session, service"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api, without a version suffix"
-- target = "The function, layer or source"
-- code_sha256 = "SHA-256 of the code that runs from now on, base64; NULL where the answer does not tell"
-- runtime = "The runtime"
-- role_arn = "The role the function is given by this call"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- account_id = "The account of the function"
-- region = "The region of the function"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    json_extract_string(response, '$.codeSha256') AS code_sha256,
    json_extract_string(response, '$.runtime') AS runtime,
    requested_role_arn AS role_arn, outcome, error_code, account_id, region, event_id
FROM management_events
WHERE
    service = 'lambda'
    AND access = 'write'
    AND (
        $function = ''
        OR list_contains(list_transform(resources, lambda named: named.name), $function)
    )
ORDER BY event_time, event_id
