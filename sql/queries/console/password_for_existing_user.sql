-- /// trailquery
-- title = "A console password set for an existing user"
-- question = "Who set the console password of another user that was not just being created?"
-- category = "management"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1098.001"]
-- why = "A thief of an API key so gets a way into the console, under another's name, that outlives the key. Harmless at a help desk, and where an administrator gives an old user console access."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run password_for_existing_user"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- user = "The user whose password was set"
-- actor = "Who set it"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "iam:CreateLoginProfile gives a first password, iam:UpdateLoginProfile replaces one"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account of the user"
-- session_id = "The session it was called in"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, split_part(target, '/', 2) AS user,
    actor, client_ip, client, action, outcome, error_code, account_id, session_id, event_id
FROM management_events AS setting
WHERE
    action IN ('iam:CreateLoginProfile', 'iam:UpdateLoginProfile')
    AND target <> 'user/' || coalesce(user_name, '')
    AND NOT EXISTS (
        SELECT 1 FROM history AS created
        WHERE
            created.action = 'iam:CreateUser'
            AND created.outcome = 'success'
            AND created.account_id = setting.account_id
            AND created.target = setting.target
            AND created.event_time BETWEEN setting.event_time - INTERVAL 1 DAY
            AND setting.event_time
    )
ORDER BY event_time, event_id
