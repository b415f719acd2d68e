-- /// trailquery
-- title = "How events were delivered"
-- question = "How late, amended, cut or changed are the events of each account, by version of the record?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run delivery --since 2024-03-01"
--
-- [columns]
-- account_id = "The account that received the events"
-- event_version = "The version of the record format"
-- events = "How many events"
-- first_event = "The first of them (UTC)"
-- last_event = "The last of them (UTC)"
-- delay_median_s = "Half were delivered within so many seconds; NULL: the files' names do not tell"
-- delay_95_s = "95 of 100 were delivered within so many seconds"
-- delay_max_s = "The longest delay, in seconds"
-- late = "CloudTrail says it delivered them late: DELIVERY_DELAY, SERVICE_OUTAGE"
-- amended = "CloudTrail sent them again, corrected: UPDATED_DATA"
-- truncated = "AWS left out an oversized request or response; see: trailquery run hidden_requests"
-- without_id = "The record had no event id of its own"
-- differing_copies = "Copies that differ from the event shown: see the view variants"
-- ///
WITH copies AS (
    SELECT event_id, account_id, count(*) AS differing
    FROM variants
    GROUP BY event_id, account_id
),

delivered AS (
    SELECT
        events.*, copies.differing, date_diff('second', event_time, delivered_at) AS delay_s
    FROM events LEFT JOIN copies
        ON
            events.event_id = copies.event_id
            AND events.account_id IS NOT DISTINCT FROM copies.account_id
)

SELECT
    account_id, event_version, count(*) AS events, min(event_time) AS first_event,
    max(event_time) AS last_event, quantile_disc(delay_s, 0.5) AS delay_median_s,
    quantile_disc(delay_s, 0.95) AS delay_95_s, max(delay_s) AS delay_max_s,
    count(*) FILTER (WHERE addendum_reason IN ('DELIVERY_DELAY', 'SERVICE_OUTAGE')) AS late,
    count(*) FILTER (WHERE addendum_reason = 'UPDATED_DATA') AS amended,
    count(*) FILTER (WHERE is_truncated) AS truncated,
    count(*) FILTER (WHERE event_id_made) AS without_id,
    coalesce(sum(differing), 0)::BIGINT AS differing_copies
FROM delivered
GROUP BY account_id, event_version, event_version_minor
ORDER BY account_id, event_version_minor, event_version
