-- /// trailquery
-- title = "Credentials tried out"
-- question = "Who asked AWS whose credentials these are, from an address that the identity had never called from?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1087.004", "T1033"]
-- example = "trailquery run credential_checks --since 7d"
--
-- [params.any_address]
-- type = "boolean"
-- default = false
-- about = "Also from addresses that the identity had called from before"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Whose credentials they are"
-- client_ip = "From which address"
-- ip_scope = "private, aws, cloud, vpn, tor or public"
-- user_agent = "With which client; forgeable, but scanners of leaked keys often tell their name"
-- action = "The call, service:api"
-- is_new_address = "Nothing of the identity from that address is held before"
-- outcome = "success, denied, error or dry-run"
-- key_kind = "long-term (AKIA), temporary (ASIA) or other"
-- access_key_id = "The key that was tried; see: trailquery run timeline_key"
-- account_id = "The account of the identity"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH checks AS (
    SELECT * FROM management_events
    WHERE (action IN ('sts:GetCallerIdentity', 'sts:GetAccessKeyInfo')) IS TRUE AND NOT is_aws_call
),

known AS (
    SELECT principal_key, client_ip, min(event_time) AS known_since
    FROM history
    WHERE principal_key IN (SELECT checks.principal_key FROM checks)
    GROUP BY principal_key, client_ip
)

SELECT
    shown.event_time, shown.actor, shown.client_ip, shown.ip_scope, shown.user_agent, shown.action,
    known.known_since = shown.event_time AS is_new_address,
    shown.outcome, shown.key_kind, shown.access_key_id, shown.account_id, shown.event_id
FROM checks AS shown
INNER JOIN known ON shown.principal_key = known.principal_key AND shown.client_ip = known.client_ip
WHERE known.known_since = shown.event_time OR $any_address
ORDER BY shown.event_time, shown.event_id
