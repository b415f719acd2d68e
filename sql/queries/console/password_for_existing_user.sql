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
    event_time, for_user AS user, actor, client_ip, client, action, outcome, error_code,
    account_id, session_id, event_id
FROM credentials_for_others
WHERE
    (action IN ('iam:CreateLoginProfile', 'iam:UpdateLoginProfile')) IS TRUE
    AND coalesce(user_created_at < event_time - INTERVAL 1 DAY, TRUE)
ORDER BY event_time, event_id
