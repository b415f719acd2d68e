-- /// trailquery
-- title = "Roles assumed"
-- question = "Who assumed which role, from where, vouched for by whom, and which attempts were refused?"
-- category = "management"
-- kind = "question"
-- mitre = ["T1078.004", "T1548.005"]
-- example = "trailquery run role_assumptions --role Deploy --since 2024-03-01"
--
-- [params.role]
-- type = "text"
-- default = ""
-- about = "Only this role, by name or ARN; empty is all"
--
-- [params.caller]
-- type = "text"
-- default = ""
-- about = "Only asked for by this user, role, role/session, ARN, principal id or access key; empty is everyone"
--
-- [params.by_aws]
-- type = "boolean"
-- default = false
-- about = "Also roles that AWS took by itself, for a service or an instance"
--
-- [columns]
-- issued_at = "When the call completed (UTC)"
-- actor = "Who asked; of a caller in another account its own log knows more: the row of the same shared_event_id"
-- client_ip = "From which address"
-- action = "The call, service:api"
-- role_arn = "The role asked for"
-- session_name = "The session's name, chosen by who asked"
-- source_identity = "The source identity set or carried on"
-- identity_provider = "The SAML or OIDC provider or trust anchor that vouched for the caller"
-- external_id = "The external id sent along"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- issued_key = "The access key handed out; see: trailquery run timeline_key"
-- expires_at = "When the credentials end (UTC)"
-- parent_session_id = "The session that asked"
-- shared_event_id = "Shared by the two halves of a call between accounts"
-- account_id = "The account that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    issued_at, actor, client_ip, action, role_arn, session_name, source_identity, identity_provider,
    external_id, outcome, error_code, child_access_key_id AS issued_key, expires_at,
    parent_session_id, shared_event_id, account_id, event_id
FROM credential_issuance
WHERE
    starts_with(action, 'sts:AssumeRole')
    AND (NOT is_aws_call OR $by_aws)
    AND $role IN ('', role_arn, regexp_extract(role_arn, '([^/]+)$', 1))
    AND (
        $caller = ''
        OR event_id IN (
            SELECT events.event_id FROM events
            WHERE $caller IN (
                actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
                access_key_id
            )
        )
    )
ORDER BY issued_at, account_id, event_id
