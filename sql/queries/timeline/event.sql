-- /// trailquery
-- title = "One event"
-- question = "What does this one event say, where was it seen, and what is its other half?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run event 6f0a2b1c-0c5e-4e6e-9d53-0123456789ab --format line"
--
-- [params.event_id]
-- type = "text"
-- about = "The event's id; it is found whatever the scope"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- account_id = "The account that received the event"
-- region = "The region that recorded the event"
-- category = "management, data, signin, service, insight, network or aggregated"
-- action = "service:api"
-- access = "read or write"
-- target = "What the call was aimed at"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- error_message = "The same in words"
-- identity_type = "Kind of caller"
-- actor = "The caller, readable: user, role/session, service"
-- actor_arn = "The caller's ARN"
-- actor_account_id = "The account the caller belongs to"
-- delegate_account_id = "The product provider whose account acted as the caller"
-- role_arn = "The role behind the session"
-- access_key_id = "The access key that signed the call"
-- session_id = "One issued credential set"
-- session_created_at = "When the session's credentials were issued (UTC)"
-- session_mfa = "The session was opened with MFA"
-- source_identity = "Name set when the first role of a chain was assumed"
-- invoked_by = "The service that called in the caller's name"
-- source_ip_address = "The address as delivered: address, service name or AWS Internal"
-- user_agent = "The client's own words; forgeable"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other"
-- vpc_endpoint_id = "The VPC endpoint the call came through"
-- issued_key_id = "The access key this call handed out"
-- resources = "Every resource the record names"
-- other_halves = "The same action as other accounts or services recorded it: account, action, event id"
-- sightings = "How many equal copies were read, this one included"
-- variants = "How many copies were read that differ; see the view variants"
-- integrity = "intact, pending, unverifiable, unlisted or changed, by its best equal copy; not checked before trailquery verify"
-- copies = "Every copy that was read: the verdict on its file, whether it is shown, equal or differs, and the file"
-- amends_event_id = "The event that this record amends"
-- addendum_reason = "Why the record came late or again"
-- is_truncated = "AWS left out an oversized request or response"
-- delivered_at = "When its log file was delivered (UTC)"
-- source_file = "The log file it was read from"
-- file_sha256 = "SHA-256 of that file's bytes, hex; joins to the view files"
-- position = "Its place in that file, from 0"
-- event_id = "The event's id"
-- raw = "The whole record, exactly as delivered"
-- ///
WITH judged AS (
    SELECT
        account_id, count(*) FILTER (WHERE kind <> 'differs') AS sightings,
        count(*) FILTER (WHERE kind = 'differs') AS variants,
        list_sort(list(concat(verdict, ', ', kind, ': ', source_file))) AS copies
    FROM event_copies
    WHERE event_id = $event_id
    GROUP BY account_id
)

SELECT
    event_time, shown.account_id, region, category, action, access, target, outcome, error_code,
    error_message, identity_type, actor, actor_arn, actor_account_id, delegate_account_id, role_arn,
    access_key_id, session_id, session_created_at, session_mfa, source_identity, invoked_by,
    source_ip_address, user_agent, client, vpc_endpoint_id, issued_key_id, resources,
    (
        SELECT list_sort(list(concat_ws(' ', half.account_id, half.action, half.event_id)))
        FROM history AS half
        WHERE half.shared_event_id = shown.shared_event_id AND half.event_id <> shown.event_id
    ) AS other_halves,
    sightings, variants, integrity, copies, amends_event_id, addendum_reason, is_truncated,
    delivered_at, source_file, file_sha256, position, event_id, raw
FROM history AS shown
LEFT JOIN judged ON shown.account_id IS NOT DISTINCT FROM judged.account_id
WHERE event_id = $event_id
ORDER BY event_time, account_id, event_id
