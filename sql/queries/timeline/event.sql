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
-- position = "Its place in that file, from 0"
-- event_id = "The event's id"
-- raw = "The whole record, exactly as delivered"
-- ///
WITH copies AS (
    SELECT account_id, 'shown' AS kind, source_file, file_sha256
    FROM history WHERE event_id = $event_id
    UNION ALL
    SELECT
        account_id, if(raw IS NULL, 'equal to the byte', 'equal') AS kind, source_file, file_sha256
    FROM stored.sightings WHERE event_id = $event_id
    UNION ALL
    SELECT account_id, 'differs' AS kind, source_file, file_sha256
    FROM variants WHERE event_id = $event_id
),

judged AS (
    SELECT
        copies.account_id, count(*) FILTER (WHERE copies.kind <> 'differs') AS sightings,
        count(*) FILTER (WHERE copies.kind = 'differs') AS variants,
        list_sort(
            list(concat(coalesce(verdict, 'not checked'), ', ', kind, ': ', source_file))
        ) AS copies
    FROM copies
    LEFT JOIN stored.file_verdicts AS own ON copies.file_sha256 = own.file_sha256
    GROUP BY copies.account_id
)

SELECT
    shown.event_time, shown.account_id, shown.region, shown.category, shown.action, shown.access,
    shown.target, shown.outcome, shown.error_code, shown.error_message, shown.identity_type,
    shown.actor, shown.actor_arn, shown.actor_account_id, shown.role_arn, shown.access_key_id,
    shown.session_id, shown.session_created_at, shown.session_mfa, shown.source_identity,
    shown.invoked_by, shown.source_ip_address, shown.user_agent, shown.client,
    shown.vpc_endpoint_id, shown.issued_key_id, shown.resources,
    (
        SELECT list_sort(list(concat_ws(' ', half.account_id, half.action, half.event_id)))
        FROM history AS half
        WHERE half.shared_event_id = shown.shared_event_id AND half.event_id <> shown.event_id
    ) AS other_halves,
    judged.sightings, judged.variants,
    shown.integrity, judged.copies, shown.amends_event_id, shown.addendum_reason,
    shown.is_truncated, shown.delivered_at, shown.source_file, shown.position, shown.event_id,
    shown.raw
FROM history AS shown
LEFT JOIN judged ON shown.account_id IS NOT DISTINCT FROM judged.account_id
WHERE shown.event_id = $event_id
ORDER BY shown.event_time, shown.account_id, shown.event_id
