-- /// trailquery
-- title = "Two places at once"
-- question = "Which people called from two places within minutes?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1078.004", "T1539"]
-- example = "trailquery run impossible_travel --place network --minutes 30"
--
-- [params.place]
-- type = "choice"
-- choices = ["country", "as_name", "network"]
-- default = "country"
-- about = "What a place is; country and as_name need your .mmdb files, network is the /16 or /32 of the address and tells little of distance"
--
-- [params.minutes]
-- type = "integer"
-- default = 60
-- about = "Two places so close in time are impossible"
--
-- [columns]
-- first_time = "The last call from the one place (UTC)"
-- event_time = "The first call from the other (UTC)"
-- minutes = "Minutes between them"
-- actor = "The person, readable: user, role/session, root"
-- from_place = "The one place"
-- to_place = "The other"
-- from_ip = "The address there"
-- to_ip = "The address here"
-- to_owner = "Provider of the address here: a cloud, VPN or tor makes travel of one who sits still"
-- action = "The call from the other place, service:api"
-- outcome = "success, denied, error or dry-run"
-- account_id = "The account that was acted on"
-- event_ids = "The two events"
-- ///
WITH calls AS (
    SELECT
        *, CASE $place
            WHEN 'country' THEN country
            WHEN 'as_name' THEN as_name
            ELSE address_block(client_ip, 2)
        END AS place
    FROM events
    WHERE NOT is_aws_call AND is_internet(ip_scope) AND principal_key <> 'anonymous'
),

steps AS (
    SELECT
        *, lag(place) OVER by_person AS from_place, lag(event_time) OVER by_person AS first_time,
        lag(client_ip) OVER by_person AS from_ip, lag(event_id) OVER by_person AS from_event_id
    FROM calls
    WHERE place IS NOT NULL
    WINDOW by_person AS (PARTITION BY principal_key, actor ORDER BY event_time, event_id)
)

SELECT
    first_time, event_time, date_diff('minute', first_time, event_time) AS minutes, actor,
    from_place, place AS to_place, from_ip, client_ip AS to_ip, ip_owner AS to_owner, action,
    outcome, account_id, [from_event_id, event_id] AS event_ids
FROM steps
WHERE place <> from_place AND event_time < first_time + to_minutes($minutes)
ORDER BY event_time, actor, account_id, event_ids
