-- /// trailquery
-- title = "Automation, notebooks, APIs and chats given code, keys or roles"
-- question = "Which SSM documents and settings, notebook scripts, APIs, app back ends, sign-ins of apps, chat channels or file servers got code, keys, clients, roles or public routes?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1546", "T1133", "T1651"]
-- example = "trailquery run automation_backdoors"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The document, notebook, API, app, user or identity pool, channel or server"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM footholds
WHERE
    kind = 'automation'
    OR action = 'cognito-idp:UpdateUserPool'  -- where sign-ins then run a function: a trigger
ORDER BY event_time, event_id
