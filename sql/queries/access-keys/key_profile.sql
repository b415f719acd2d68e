-- /// trailquery
-- title = "How a key is used"
-- question = "Day by day, from where, with which tools and for what is this access key used, and which day is unlike those before?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run key_profile AKIAIOSFODNN7EXAMPLE"
--
-- [params.key]
-- type = "text"
-- about = "Access key id, long-term (AKIA) or temporary (ASIA); all the lake holds counts, whatever the scope"
--
-- [columns]
-- day = "The day (UTC)"
-- events = "Events signed with it"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- errors = "Of these, failed for another reason"
-- client_ips = "Addresses that used it, sorted"
-- new_client_ips = "Of these, those of no day before"
-- clients = "Kinds of client program, sorted"
-- new_user_agents = "User agents of no day before, sorted; forgeable"
-- regions = "Regions called, sorted"
-- services = "Services called, sorted"
-- new_actions = "Calls of no day before, sorted"
-- first_event = "Its first use of the day (UTC)"
-- last_event = "Its last use of the day (UTC)"
-- ///
WITH uses AS (
    SELECT
        *, min(event_date) OVER (PARTITION BY client_ip) AS ip_since,
        min(event_date) OVER (PARTITION BY user_agent) AS agent_since,
        min(event_date) OVER (PARTITION BY action) AS action_since
    FROM history
    WHERE access_key_id = $key
)

SELECT
    event_date AS day, count(*) AS events,
    count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    count(*) FILTER (WHERE outcome = 'error') AS errors, set_of(client_ip) AS client_ips,
    set_of(CASE WHEN ip_since = event_date THEN client_ip END) AS new_client_ips,
    set_of(client) AS clients,
    set_of(CASE WHEN agent_since = event_date THEN user_agent END) AS new_user_agents,
    set_of(region) AS regions, set_of(service) AS services,
    set_of(CASE WHEN action_since = event_date THEN action END) AS new_actions,
    min(event_time) AS first_event, max(event_time) AS last_event
FROM uses
GROUP BY event_date
ORDER BY day
