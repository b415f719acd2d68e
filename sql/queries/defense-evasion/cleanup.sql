-- /// trailquery
-- title = "Made and removed again"
-- question = "What did someone make and remove again soon after?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1070", "T1578.003"]
-- example = "trailquery run cleanup --within-hours 2"
--
-- [params.within_hours]
-- type = "integer"
-- default = 24
-- about = "At most so many hours between making and removing"
--
-- [params.include_iac]
-- type = "boolean"
-- default = false
-- about = "Also what Terraform and its like remove"
--
-- [columns]
-- removed_at = "When it was removed (UTC)"
-- made_at = "When it was made (UTC)"
-- minutes = "Minutes between the two"
-- actor = "Who removed it"
-- made_by = "Who made it"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call that removed it"
-- target = "What was removed"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_ids = "The two events: made, removed"
-- ///
WITH steps AS (
    SELECT
        *, makes(api) AS is_making, lag(makes(api)) OVER same AS was_making,
        lag(event_id) OVER same AS made_id, lag(event_time) OVER same AS made_at,
        lag(actor) OVER same AS made_by
    FROM changes
    WHERE target IS NOT NULL AND (makes(api) OR undoes(api))
    WINDOW
        same AS (
            PARTITION BY account_id, region, service, made_thing(api), replace(target, ' -', ' +')
            ORDER BY event_time, event_id
        )
)

SELECT
    event_time AS removed_at, made_at, date_diff('minute', made_at, event_time) AS minutes,
    actor, made_by, client_ip, client, action, target, account_id, region,
    [made_id, event_id] AS event_ids
FROM steps
WHERE
    was_making
    AND NOT is_making
    AND event_time <= made_at + to_hours($within_hours)
    AND (client <> 'iac' OR $include_iac)
ORDER BY removed_at, target, event_ids
