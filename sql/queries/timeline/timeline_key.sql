-- /// trailquery
-- title = "Timeline of an access key"
-- question = "What was done with this access key, in order, and did each call work?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004", "T1550.001"]
-- example = "trailquery run timeline_key AKIAIOSFODNN7EXAMPLE --writes-only"
--
-- [params.key]
-- type = "text"
-- about = "Access key id, long-term (AKIA) or temporary (ASIA)"
--
-- [params.writes_only]
-- type = "boolean"
-- default = false
-- about = "Leave out reads"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- outcome = "success, denied, error or dry-run"
-- action = "service:api"
-- target = "What the call was aimed at"
-- client_ip = "The caller's address; NULL when AWS called in the key's name"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- actor = "Whose key it is: user, or role/session"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- session_id = "One issued credential set: the same for all keys of one console session"
-- error_code = "Why it did not work"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, outcome, action, target, client_ip, client, actor, account_id, region, session_id,
    error_code, event_id
FROM events
WHERE access_key_id = $key AND (access = 'write' OR NOT $writes_only)
ORDER BY event_time, event_id
