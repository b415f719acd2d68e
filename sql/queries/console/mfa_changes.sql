-- /// trailquery
-- title = "Changes to MFA"
-- question = "Which MFA devices were added, removed or re-synced, and which MFA codes were refused?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1556.006", "T1098.005", "T1621"]
-- example = "trailquery run mfa_changes --since 2024-03-01"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- action = "service:api; signin:CheckMfa is a code that was refused; sso and sso-directory are Identity Center, ds is a directory whose MFA is RADIUS"
-- target = "The user, else the device; in Identity Center what the record names"
-- device = "The MFA device: its serial number, ARN or name"
-- of_other_user = "The user is not the one who called"
-- actor = "Who called, or tried to sign in"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the user"
-- session_id = "The session it was called in"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, action, target,
    json_first(request, ['$.serialNumber', '$.virtualMFADeviceName', '$.deviceId']) AS device,
    coalesce(
        starts_with(target, 'user/')
        AND target NOT IN (
            'user/AWS ROOT USER', 'user/' || coalesce(user_name, ''),
            'user/' || coalesce(on_behalf_of_user, '')
        ),
        FALSE
    ) AS of_other_user,
    actor, client_ip, client, outcome, error_code, account_id, session_id, event_id
FROM events
WHERE
    (
        service IN ('iam', 'sso', 'sso-directory')
        AND access = 'write'
        AND regexp_matches(api, '(?i)mfadevice|webauthndevice')
    )
    OR action IN ('ds:DisableRadius', 'ds:EnableRadius', 'ds:UpdateRadius')
    OR (action = 'signin:CheckMfa' AND outcome <> 'success')
ORDER BY event_time, event_id
