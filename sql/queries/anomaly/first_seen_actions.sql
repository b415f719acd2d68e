-- /// trailquery
-- title = "Calls never made before"
-- question = "Which identities called an API or a service that they had never called before?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1078.004"]
-- example = "trailquery run first_seen_actions --writes-only --since 2024-03-15"
--
-- [params.new_to]
-- type = "choice"
-- choices = ["identity", "everyone"]
-- default = "identity"
-- about = "identity: new to a caller known since an earlier day; everyone: nobody ever made this call"
--
-- [params.writes_only]
-- type = "boolean"
-- default = false
-- about = "Leave out reads"
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
-- event_time = "When the call was made for the first time in all that the lake holds (UTC)"
-- actor = "The caller, readable: user, role/session"
-- known_since = "The first event of the identity, or with everyone of anybody (UTC)"
-- client_ip = "The caller's address"
-- action = "The call, service:api"
-- is_new_service = "It was the first call to that service, too"
-- target = "What the call was aimed at"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- baseline = "How far new can be trusted: 12 of 14 days held before the call"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH first_calls AS (
    SELECT
        CASE $new_to WHEN 'identity' THEN principal_key END AS identity,
        service, min(event_time) AS called_at, min_by(event_id, (event_time, event_id)) AS event_id
    FROM history
    WHERE NOT is_aws_call AND category NOT IN ('insight', 'aggregated')
    GROUP BY identity, service, action
),

judged AS (
    SELECT
        event_id, min(called_at) OVER (PARTITION BY identity) AS known_since,
        called_at = min(called_at) OVER (PARTITION BY identity, service) AS is_new_service
    FROM first_calls
)

SELECT
    event_time, actor, known_since, client_ip, action, is_new_service, target, outcome, error_code,
    held_before(account_id, event_date, $baseline_days, $min_history_days) AS baseline,
    account_id, event_id
FROM events INNER JOIN judged USING (event_id)
WHERE
    known_since < event_date
    AND baseline IS NOT NULL
    AND (access = 'write' OR NOT $writes_only)
ORDER BY event_time, event_id
