-- /// trailquery
-- title = "Session and federation tokens"
-- question = "Who asked for GetSessionToken or GetFederationToken credentials, with what policy, and what were they used for?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1550.001", "T1098.001"]
-- example = "trailquery run federation_tokens"
--
-- [columns]
-- issued_at = "When the call completed (UTC)"
-- action = "sts:GetSessionToken, with MFA or to hide the key, or sts:GetFederationToken: outlives the user's key"
-- actor = "Who asked"
-- client_ip = "From which address"
-- token_for = "The name of a federated user, chosen by who asked"
-- mfa_serial = "The MFA device whose code was sent along"
-- session_policy = "The policy that narrows it, JSON text; a federated user without any may nothing"
-- session_policy_arns = "Managed policies that narrow it"
-- outcome = "success, denied, error or dry-run"
-- expires_at = "When the credentials end (UTC)"
-- issued_key = "The access key handed out; see: trailquery run timeline_key"
-- uses = "Events signed with it, in scope or not"
-- used_from = "Addresses that used it, sorted"
-- used_for = "What was called with it, sorted"
-- account_id = "The account that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH asked AS (
    SELECT * FROM credential_issuance
    WHERE (action IN ('sts:GetSessionToken', 'sts:GetFederationToken')) IS TRUE AND NOT is_aws_call
),

uses AS (
    SELECT
        access_key_id, count(*) AS uses, set_of(client_ip) AS used_from, set_of(action) AS used_for
    FROM history
    WHERE access_key_id IN (SELECT child_access_key_id FROM asked)
    GROUP BY access_key_id
)

SELECT
    asked.issued_at, asked.action, asked.actor, asked.client_ip, asked.session_name AS token_for,
    asked.mfa_serial, asked.session_policy, asked.session_policy_arns, asked.outcome,
    asked.expires_at, asked.child_access_key_id AS issued_key, coalesce(uses.uses, 0) AS uses,
    coalesce(uses.used_from, []) AS used_from, coalesce(uses.used_for, []) AS used_for,
    asked.account_id, asked.event_id
FROM asked LEFT JOIN uses ON asked.child_access_key_id = uses.access_key_id
ORDER BY issued_at, event_id
