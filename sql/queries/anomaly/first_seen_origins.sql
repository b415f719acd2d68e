-- /// trailquery
-- title = "Callers from a new place or with a new tool"
-- question = "Which identities came from an address, network, tool or region that they never used before?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1078.004"]
-- example = "trailquery run first_seen_origins --what network --since 2024-03-15"
--
-- [params.what]
-- type = "choice"
-- choices = ["ip", "network", "as_name", "country", "client", "user_agent", "region"]
-- default = "ip"
-- about = "What is new; network is the /24 or /48 of the address, as_name and country need .mmdb files"
--
-- [params.baseline_days]
-- type = "integer"
-- default = 14
-- about = "Days before the call (UTC) in which to look for events of its account"
--
-- [params.min_history_days]
-- type = "integer"
-- default = 14
-- about = "Of these, days that must have any, else nothing is called new; at most baseline_days"
--
-- [columns]
-- event_time = "The first call from there in all that the lake holds (UTC)"
-- actor = "The caller, readable: user, role/session"
-- origin = "What is new: the address, network, owner of it, country, kind of client, user agent or region"
-- known_origins = "How many others the identity used before; 1 tells more than 100"
-- known_since = "The first event of the identity, on an earlier day (UTC)"
-- client_ip = "The caller's address"
-- action = "The first call, service:api"
-- outcome = "success, denied, error or dry-run"
-- baseline = "How far new can be trusted: 12 of 14 days held before the call"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH calls AS (
    SELECT
        principal_key, event_time, event_id,
        CASE
            WHEN $what = 'ip' THEN client_ip
            WHEN $what = 'network' AND contains(client_ip, ':')
                THEN array_to_string(ipv6_groups(client_ip)[1:3], ':') || '::/48'
            WHEN $what = 'network' THEN regexp_replace(client_ip, '[0-9]+$', '0/24')
            WHEN $what = 'as_name' THEN as_name
            WHEN $what = 'country' THEN country
            WHEN $what = 'client' THEN client
            WHEN $what = 'user_agent' THEN user_agent
            WHEN $what = 'region' THEN region
        END AS origin
    FROM history
    WHERE NOT is_aws_call
),

first_calls AS (
    SELECT
        min_by(event_id, (event_time, event_id)) AS event_id, origin,
        min(min(event_time)) OVER (PARTITION BY principal_key) AS known_since,
        rank() OVER (PARTITION BY principal_key ORDER BY min(event_time)) - 1 AS known_origins
    FROM calls
    WHERE origin IS NOT NULL
    GROUP BY principal_key, origin
)

SELECT
    events.event_time, events.actor, first_calls.origin, first_calls.known_origins,
    first_calls.known_since, events.client_ip, events.action, events.outcome,
    format(
        '{} of {} days held',
        days_held(events.account_id, events.event_date, $baseline_days), $baseline_days
    ) AS baseline,
    events.account_id, events.event_id
FROM events INNER JOIN first_calls ON events.event_id = first_calls.event_id
WHERE
    days_held(events.account_id, events.event_date, $baseline_days)
    >= least($min_history_days, $baseline_days)
    AND first_calls.known_since < events.event_date
ORDER BY event_time, event_id
