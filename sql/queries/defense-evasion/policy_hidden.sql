-- /// trailquery
-- title = "Permission change hidden by its size"
-- question = "Which changes of permissions were so large that CloudTrail recorded the call without what it asked for?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1562.008", "T1098.003"]
-- why = "Policies are a few KB; one that exceeds CloudTrail's 100 KB is padded, as with white space, so that the record does not say what it allows. Read the policy that is in force."
-- next = "trailquery run event {event_id}"
-- example = "trailquery run policy_hidden"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What the call was aimed at, if anything still says it"
-- size_bytes = "Size of what was left out, in bytes"
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
WHERE is_truncated AND access_level = 'permissions-management'
ORDER BY event_time, event_id
