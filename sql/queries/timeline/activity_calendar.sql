-- /// trailquery
-- title = "Hours of activity"
-- question = "At which hours of the week do people call, who are they, and what do they change at night and at weekends?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run activity_calendar --actor alice --zone Europe/Berlin --off-hours-only"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id or access key; empty is everyone"
--
-- [params.people_only]
-- type = "boolean"
-- default = true
-- about = "Only console, browser, CloudShell and CLI: no SDK, no infrastructure as code, no AWS itself"
--
-- [params.zone]
-- type = "text"
-- default = "UTC"
-- about = "The time zone that people live in, such as Europe/Berlin: hours and weekdays are those of it"
--
-- [params.off_hours_only]
-- type = "boolean"
-- default = false
-- about = "Only Saturday, Sunday, and the night from from_hour to to_hour"
--
-- [params.from_hour]
-- type = "integer"
-- default = 20
-- about = "First hour of the night"
--
-- [params.to_hour]
-- type = "integer"
-- default = 6
-- about = "First hour of the working day"
--
-- [columns]
-- weekday = "1 Monday to 7 Sunday, in the zone"
-- hour = "Hour of the day, 0 to 23, in the zone"
-- off_hours = "It is night or weekend"
-- days = "On how many dates, in the zone, there was a call in this hour"
-- events = "How many events"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- actors = "Who called, sorted; of a role all sessions as one"
-- changes = "Kinds of change that worked, sorted"
-- ///
WITH hours AS (
    SELECT
        *, timezone($zone, timezone('UTC', event_time)) AS local_time,
        isodow(local_time) AS weekday, hour(local_time) AS hour,
        weekday >= 6 OR hour >= $from_hour OR hour < $to_hour AS off_hours,
        CASE WHEN access = 'write' AND outcome = 'success' THEN action END AS change
    FROM events
    WHERE
        (client IN ('console', 'browser', 'cloudshell', 'cli') OR NOT $people_only)
        AND NOT is_aws_call
        AND $actor IN (
            '', actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id
        )
)

SELECT
    weekday, hour, off_hours, count(DISTINCT local_time::DATE) AS days, count(*) AS events,
    count(change) AS writes, count(*) FILTER (WHERE outcome = 'denied') AS denied,
    set_of(coalesce(role_name, actor)) AS actors, coalesce(set_of(change), []) AS changes
FROM hours
WHERE off_hours OR NOT $off_hours_only
GROUP BY weekday, hour, off_hours
ORDER BY weekday, hour
