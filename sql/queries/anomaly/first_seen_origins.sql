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
WITH first_calls AS (
    SELECT
        min_by(event_id, (event_time, event_id)) AS event_id, origin,
        min(min(event_time)) OVER (PARTITION BY principal_key) AS known_since,
        rank() OVER (PARTITION BY principal_key ORDER BY min(event_time)) - 1 AS known_origins
    FROM call_origins
    WHERE origin_kind = $what
    GROUP BY principal_key, origin
)

SELECT
    event_time, actor, origin, known_origins, known_since, client_ip, action, outcome,
    held_before(account_id, event_date, $baseline_days, $min_history_days) AS baseline,
    account_id, event_id
FROM events INNER JOIN first_calls USING (event_id)
WHERE
    known_since < event_date
    AND baseline IS NOT NULL
ORDER BY event_time, event_id
