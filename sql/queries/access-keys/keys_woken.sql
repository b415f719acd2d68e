-- /// trailquery
-- title = "Keys that woke"
-- question = "Which long-term key was used again after a long silence, from where and for what?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1078.004"]
-- example = "trailquery run keys_woken --quiet-days 60"
--
-- [params.quiet_days]
-- type = "integer"
-- default = 30
-- about = "Days without a use; only a key seen before them is found, so a lake of fewer days finds none"
--
-- [columns]
-- event_time = "Its first call after the silence (UTC)"
-- actor = "Whose key it is: a user, or root"
-- access_key_id = "The key (AKIA)"
-- silent_since = "Its last use before, in scope or not (UTC)"
-- quiet_days = "Whole days of silence"
-- client_ip = "From which address it woke"
-- is_new_ip = "No earlier use held came from that address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "That first call, service:api"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH uses AS (
    SELECT
        *,
        lag(event_time) OVER (
            PARTITION BY access_key_id ORDER BY event_time, event_id
        ) AS silent_since,
        row_number() OVER (
            PARTITION BY access_key_id, client_ip ORDER BY event_time, event_id
        ) = 1 AS is_new_ip
    FROM history
    WHERE key_kind = 'long-term' AND is_whole_id(access_key_id) AND NOT is_aws_call
)

SELECT
    event_time, actor, access_key_id, silent_since,
    date_sub('day', silent_since, event_time) AS quiet_days,
    client_ip, is_new_ip, client, action, outcome, error_code, account_id, event_id
FROM uses
WHERE
    event_time >= silent_since + to_days($quiet_days::INTEGER)
    AND event_id IN (SELECT event_id FROM events)
ORDER BY event_time, event_id
