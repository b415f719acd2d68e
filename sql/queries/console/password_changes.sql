-- /// trailquery
-- title = "Changes to console passwords"
-- question = "Whose console password was set, changed or removed, or tried to be, and by someone else?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1098.001", "T1098", "T1556"]
-- example = "trailquery run password_changes --by-other"
--
-- [params.by_other]
-- type = "boolean"
-- default = false
-- about = "Leave out users who change their own"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- action = "service:api; a login profile is a user's password; sso-directory is Identity Center, ds a directory of its own; what root does with its own password: root_credential_changes"
-- target = "The user; NULL: the caller's own, or the rules for all passwords of the account"
-- by_other = "The user is not the one who called, or the record names no user"
-- must_change = "The user must choose a new one at the next sign-in; NULL where the record does not say"
-- actor = "Who called"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the user"
-- session_id = "The session it was called in"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH password_events AS (
    SELECT
        *, api <> 'ChangePassword'
        AND (service <> 'iam' OR coalesce(target <> 'user/' || coalesce(user_name, ''), TRUE))
            AS by_other
    FROM management_events
    WHERE
        (
            service = 'iam'
            AND regexp_full_match(
                api, '(Create|Update|Delete)(LoginProfile|AccountPasswordPolicy)|ChangePassword'
            )
        )
        OR action IN ('ds:ResetUserPassword', 'sso-directory:UpdatePassword')
)

SELECT
    event_time, action, target, by_other,
    try_cast(json_extract_string(request, '$.passwordResetRequired') AS BOOLEAN) AS must_change,
    actor, client_ip, client, outcome, error_code, account_id, session_id, event_id
FROM password_events
WHERE by_other OR NOT $by_other
ORDER BY event_time, event_id
