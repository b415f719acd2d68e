-- /// trailquery
-- title = "Root of a member account taken"
-- question = "Who took the root of a member account by central root access, for what task, and what did they do with it?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1078.004", "T1548.005"]
-- why = "A root session removes what shuts an owner out, or an owner's root credentials; it is needed once in years. Harmless when somebody unlocks a bucket or queue, or removes root credentials, by a change request. Sessions that only list root credentials are left out."
-- next = "trailquery run timeline_key {issued_key}"
-- example = "trailquery run assume_root"
--
-- [columns]
-- issued_at = "When the call completed (UTC)"
-- actor = "Who asked"
-- client_ip = "From which address"
-- root_of = "The account whose root was asked for"
-- task = "The policy that says what the session may do"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- issued_key = "The access key handed out"
-- used_for = "What was called with it, sorted, in scope or not; NULL if nothing"
-- account_id = "The account that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    asked.event_time AS issued_at, asked.actor, asked.client_ip,
    json_extract_string(asked.request, '$.targetPrincipal') AS root_of,
    json_extract_string(asked.request, '$.taskPolicyArn.arn') AS task,
    asked.outcome, asked.error_code, asked.issued_key_id AS issued_key,
    set_of(used.action) AS used_for, asked.account_id, asked.event_id
FROM management_events AS asked
LEFT JOIN history AS used ON asked.issued_key_id = used.access_key_id
WHERE
    asked.action = 'sts:AssumeRoot'
    AND NOT ends_with(
        coalesce(json_extract_string(asked.request, '$.taskPolicyArn.arn'), ''),
        '/IAMAuditRootUserCredentials'
    )
GROUP BY
    asked.event_time, asked.actor, asked.client_ip, asked.request, asked.outcome,
    asked.error_code, asked.issued_key_id, asked.account_id, asked.event_id
ORDER BY issued_at, event_id
