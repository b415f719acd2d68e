-- /// trailquery
-- title = "Volume of events"
-- question = "What is there most of, by action, service, actor, account, region or day, and how much is AWS itself?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run top_actions --by actor --hide-aws"
--
-- [params.by]
-- type = "choice"
-- choices = ["action", "service", "actor", "account", "region", "day"]
-- default = "action"
-- about = "What to count by; an actor is a user, a role with all its sessions, root or a service"
--
-- [params.hide_aws]
-- type = "boolean"
-- default = false
-- about = "Leave out what AWS did by itself"
--
-- [columns]
-- value = "The action, service, ...; NULL where the record names none"
-- events = "How many events"
-- by_aws = "Of these, calls that AWS made by itself"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- errors = "Of these, failed for another reason"
-- identities = "How many distinct identities"
-- first_seen = "The first in scope (UTC)"
-- last_seen = "The last in scope (UTC)"
-- ///
WITH valued AS (
    SELECT
        *,
        CASE $by
            WHEN 'action' THEN action
            WHEN 'service' THEN service
            WHEN 'actor' THEN coalesce(role_name, actor)
            WHEN 'account' THEN account_id
            WHEN 'region' THEN region
            ELSE event_date::VARCHAR
        END AS value
    FROM events
    WHERE NOT ($hide_aws AND is_aws_call)
)

SELECT
    value, count(*) AS events, count(*) FILTER (WHERE is_aws_call) AS by_aws,
    count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    count(*) FILTER (WHERE outcome = 'error') AS errors,
    count(DISTINCT principal_key) AS identities, min(event_time) AS first_seen,
    max(event_time) AS last_seen
FROM valued
GROUP BY value
ORDER BY events DESC, value
