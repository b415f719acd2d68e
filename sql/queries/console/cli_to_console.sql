-- /// trailquery
-- title = "From keys to the console and back"
-- question = "Who turned API credentials into a console session, or a console session into API credentials?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1550.001", "T1021.007"]
-- example = "trailquery run cli_to_console --direction to-console"
--
-- [params.direction]
-- type = "choice"
-- choices = ["any", "to-console", "to-keys", "switch"]
-- default = "any"
-- about = "Only this direction; switch is another role within the console"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- direction = "to-console, to-keys (aws login, CloudShell) or switch"
-- actor = "The caller, readable: user, role/session, federated/x"
-- client_ip = "From which address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "signin:GetSigninToken makes the link, signin:ConsoleLogin follows it"
-- switch_from = "The ARN of the session before, of a switch"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- user_agent = "The client's own words; forgeable"
-- session_id = "The session it was called in; of a sign-in the session it opens"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, direction, actor, client_ip, client, action, switch_from, outcome, error_code,
    account_id, user_agent, session_id, event_id
FROM console_crossings
WHERE $direction IN ('any', direction)
ORDER BY event_time, event_id
