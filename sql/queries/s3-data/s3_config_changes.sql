-- /// trailquery
-- title = "Settings of buckets changed"
-- question = "How did the settings of this bucket change over time, and who changed them?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1562.001"]
-- example = "trailquery run s3_config_changes --bucket payroll"
--
-- [params.bucket]
-- type = "text"
-- default = ""
-- about = "Only this bucket; empty is all"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session, service"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- bucket = "The bucket; NULL of settings of the account"
-- setting = "What was changed: the call"
-- request = "The new setting, JSON text as sent"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- account_id = "The account of the bucket"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, bucket, api AS setting, request, outcome, error_code,
    account_id, event_id
FROM management_events
WHERE service = 's3' AND access = 'write' AND $bucket IN ('', bucket)
ORDER BY event_time, event_id
