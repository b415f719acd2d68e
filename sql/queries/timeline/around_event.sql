-- /// trailquery
-- title = "Around an event"
-- question = "What happened just before and after this event, by the same session, identity, address or account?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run around_event 6f0a2b1c-0c5e-4e6e-9d53-0123456789ab --by ip --within 30m"
--
-- [params.event_id]
-- type = "text"
-- about = "The event's id; it and what lies around it are found whatever the scope"
--
-- [params.within]
-- type = "interval"
-- default = "10m"
-- about = "How far before and after"
--
-- [params.by]
-- type = "choice"
-- choices = ["session", "actor", "ip", "account"]
-- default = "session"
-- about = "What the other events share with this one; of a caller without sessions, session is the identity"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- seconds_after = "Seconds after the event; negative: before it; 0 is also the event itself"
-- actor = "The caller, readable: user, role/session, service"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What the call was aimed at"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- session_id = "One issued credential set: the same for all keys of one console session"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH keyed AS (
    SELECT
        *,
        CASE $by
            WHEN 'session' THEN coalesce(session_id, principal_key)
            WHEN 'actor' THEN principal_key
            WHEN 'ip' THEN client_ip
            ELSE account_id
        END AS shared
    FROM history
),

centre AS (
    SELECT event_time AS centre_time, shared AS centre_shared
    FROM keyed
    WHERE event_id = $event_id
    ORDER BY account_id
    LIMIT 1
)

SELECT
    event_time, date_diff('second', centre_time, event_time) AS seconds_after, actor, client_ip,
    client, action, target, outcome, error_code, account_id, region, session_id, event_id
FROM keyed INNER JOIN centre
    ON event_time BETWEEN centre_time - $within AND centre_time + $within
WHERE shared = centre_shared OR event_id = $event_id
ORDER BY event_time, event_id
