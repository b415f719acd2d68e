-- /// trailquery
-- title = "What the lake holds"
-- question = "Which days are held of each account and region, with how many events, and which are empty?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run coverage --since 2024-03-01"
--
-- [columns]
-- day = "The day (UTC)"
-- account_id = "The account that received the events"
-- region = "The region that recorded them"
-- events = "Events of that day; 0 is a day between the first and last held without any"
-- hours_with_events = "Hours of the day, of 24, in which there is an event"
-- categories = "Categories held, sorted: without data, calls on objects and functions are unseen"
-- files = "Log files these events were read from"
-- first_event = "The first event of the day (UTC)"
-- last_event = "The last event of the day (UTC)"
-- ///
WITH held AS (
    SELECT
        account_id,
        region,
        event_date,
        count(*) AS events,
        count(DISTINCT date_trunc('hour', event_time)) AS hours_with_events,
        list_sort(list(DISTINCT category)) AS categories,
        count(DISTINCT file_sha256) AS files,
        min(event_time) AS first_event,
        max(event_time) AS last_event
    FROM events
    GROUP BY account_id, region, event_date
),

days AS (
    SELECT
        account_id,
        region,
        unnest(
            generate_series(min(event_date), max(event_date), INTERVAL 1 DAY)
        )::DATE AS event_date
    FROM held
    GROUP BY account_id, region
)

SELECT
    days.event_date AS day,
    days.account_id,
    days.region,
    coalesce(held.events, 0) AS events,
    coalesce(held.hours_with_events, 0) AS hours_with_events,
    coalesce(held.categories, []) AS categories,
    coalesce(held.files, 0) AS files,
    held.first_event,
    held.last_event
FROM days
LEFT JOIN held
    ON
        days.account_id IS NOT DISTINCT FROM held.account_id
        AND days.region IS NOT DISTINCT FROM held.region
        AND days.event_date = held.event_date
ORDER BY day, days.account_id, days.region
