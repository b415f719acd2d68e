-- /// trailquery
-- title = "Identities never seen before"
-- question = "Which users, roles, root or foreign accounts appeared for the first time?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1136.003", "T1078.004"]
-- example = "trailquery run new_principals --since 2024-03-15"
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
-- event_time = "The first event of the identity in all that the lake holds (UTC)"
-- actor = "The identity, readable: user, role/session, root, account N"
-- identity_type = "Kind of caller"
-- actor_account_id = "The account it belongs to"
-- client_ip = "The address it came from"
-- action = "Its first call, service:api"
-- target = "What that was aimed at"
-- outcome = "success, denied, error or dry-run"
-- baseline = "How far new can be trusted: 12 of 14 days held before the call"
-- account_id = "The account that was acted on"
-- event_id = "The event; see: trailquery run event"
-- ///
WITH first_calls AS (
    SELECT min_by(event_id, (event_time, event_id)) AS event_id
    FROM history
    WHERE NOT is_aws_call AND category NOT IN ('insight', 'aggregated')
    GROUP BY principal_key
)

SELECT
    event_time, actor, identity_type, actor_account_id, client_ip, action, target, outcome,
    held_before(account_id, event_date, $baseline_days, $min_history_days) AS baseline,
    account_id, event_id
FROM events INNER JOIN first_calls USING (event_id)
WHERE
    baseline IS NOT NULL
    AND principal_key IS NOT NULL
ORDER BY event_time, event_id
