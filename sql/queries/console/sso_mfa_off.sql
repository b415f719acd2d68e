-- /// trailquery
-- title = "MFA switched off for a whole Identity Center"
-- question = "Who let everybody sign in to Identity Center with a password alone?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1556.006"]
-- why = "It is one setting for every user and every account behind the portal: a user made by a thief needs no device, and stolen passwords are enough. Harmless where users come from an identity provider that asks for MFA itself."
-- next = "trailquery run sso_signins --since {event_time}"
-- example = "trailquery run sso_mfa_off"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "Who switched it off"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- target = "The instance of Identity Center"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the instance"
-- region = "The region of the instance"
-- session_id = "The session it was called in"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, target, outcome, error_code, account_id, region,
    session_id, event_id
FROM management_events
WHERE
    -- the console's own call, which no SDK has
    action = 'sso:UpdateSsoConfiguration'
    AND json_extract_string(request, '$.ssoConfiguration.mfaMode') = 'DISABLED'
ORDER BY event_time, event_id
