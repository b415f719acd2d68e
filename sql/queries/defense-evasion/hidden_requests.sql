-- /// trailquery
-- title = "Requests left out of the record"
-- question = "Of which calls did CloudTrail leave out the request or response for its size, and what is known of them?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1562.008"]
-- example = "trailquery run hidden_requests --writes-only"
--
-- [params.writes_only]
-- type = "boolean"
-- default = true
-- about = "Leave out reads, whose answers are often large"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What the call was aimed at, if anything still says it"
-- size_bytes = "Size of the request that was left out, in bytes; NULL where it was the response"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    try_cast(json_extract_string(request, '$.originalSize') AS BIGINT) AS size_bytes,
    outcome, error_code, account_id, region, event_id
FROM events
WHERE is_truncated AND (access = 'write' OR NOT $writes_only)
ORDER BY event_time, event_id
