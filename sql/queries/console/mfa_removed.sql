-- /// trailquery
-- title = "MFA taken off a user"
-- question = "Whose MFA device was taken off, or tried to be, without the user getting another or being deleted?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1556.006"]
-- why = "With the second factor gone, whoever has the password is in. Harmless when a lost device is replaced later than the interval, or a user without a password is tidied up."
-- next = "trailquery run console_logins --user {user}"
-- example = "trailquery run mfa_removed --within 8h"
--
-- [params.within]
-- type = "interval"
-- default = "1h"
-- about = "A new device, or the user's deletion, no later than this after makes it harmless"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- user = "The user without MFA: its name, in Identity Center its id"
-- actor = "Who took it off"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- device = "The device"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the user"
-- session_id = "The session it was called in"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, replace(split_part(target, '/', 2), 'AWS ROOT USER', 'root') AS user,
    actor, client_ip, client,
    json_first(request, ['$.serialNumber', '$.deviceId']) AS device,
    outcome, error_code, account_id, session_id, event_id
FROM management_events AS removal
WHERE
    (action IN ('iam:DeactivateMFADevice', 'sso-directory:DeleteMfaDeviceForUser')) IS TRUE
    AND NOT EXISTS (
        SELECT 1 FROM history AS later
        WHERE
            (later.action IN (
                'iam:EnableMFADevice', 'iam:DeleteUser', 'identitystore:DeleteUser',
                'sso-directory:CompleteVirtualMfaDeviceRegistration',
                'sso-directory:CompleteWebAuthnDeviceRegistration', 'sso-directory:DeleteUser'
            )) IS TRUE
            AND later.outcome = 'success'
            AND later.account_id = removal.account_id
            AND later.target = removal.target
            AND later.event_time BETWEEN removal.event_time AND removal.event_time + $within
    )
ORDER BY event_time, event_id
