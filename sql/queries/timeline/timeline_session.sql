-- /// trailquery
-- title = "Timeline of a session"
-- question = "What happened in this session (a console sign-in, an assumed role), across every key it used?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1550.001"]
-- example = "trailquery run timeline_session ASIAIOSFODNN7EXAMPLE --since 2024-03-01"
--
-- [params.session]
-- type = "text"
-- about = "Session id, any access key of it, or the id of any of its events, such as its ConsoleLogin"
--
-- [params.writes_only]
-- type = "boolean"
-- default = false
-- about = "Leave out reads"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- part = "opening (the call of an earlier session that handed out the credentials) or inside"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called in the session's name"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What the call was aimed at"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- issued_key_id = "The access key this call handed out: another session begins here"
-- access_key_id = "The access key that signed the call"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH asked AS (
    SELECT DISTINCT session_id
    FROM history
    WHERE $session IN (session_id, access_key_id, event_id)
),

openings AS (
    SELECT issued_by_event_id AS event_id
    FROM session_links
    WHERE session_id IN (SELECT session_id FROM asked)
)

SELECT
    event_time,
    CASE WHEN session_id IN (SELECT session_id FROM asked) THEN 'inside' ELSE 'opening' END AS part,
    actor, client_ip, client, action, target, outcome, error_code, issued_key_id, access_key_id,
    account_id, region, event_id
FROM events
WHERE
    session_id IN (SELECT session_id FROM asked) AND (access = 'write' OR NOT $writes_only)
    OR event_id IN (SELECT event_id FROM openings)
ORDER BY event_time, event_id
