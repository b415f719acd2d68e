-- /// trailquery
-- title = "Far more than usual"
-- question = "In which hours did an identity or a service make far more calls, changes, errors or refusals than usual?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1078.004", "T1496"]
-- example = "trailquery run spikes --what denied --since 2024-03-15"
--
-- [params.what]
-- type = "choice"
-- choices = ["calls", "writes", "errors", "denied"]
-- default = "calls"
-- about = "What is counted; errors are all that did not work, the refused too"
--
-- [params.of]
-- type = "choice"
-- choices = ["identity", "service"]
-- default = "identity"
-- about = "Whose calls are counted"
--
-- [params.min_count]
-- type = "integer"
-- default = 20
-- about = "Leave out hours with fewer"
--
-- [params.min_z]
-- type = "number"
-- default = 6
-- about = "How many standard deviations above the mean, at least"
--
-- [params.baseline_days]
-- type = "integer"
-- default = 14
-- about = "Days before the hour with which it is compared, hours without a call counted as 0"
--
-- [params.min_history_days]
-- type = "integer"
-- default = 14
-- about = "Of these, days that must have events of the account, else nothing is called unusual; at most baseline_days"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- who = "The identity (of a role all its sessions) or the service"
-- counted = "How many in that hour"
-- usual = "The mean of an hour before"
-- z = "How many standard deviations above it, of at least one call"
-- actions = "What was called, sorted, at most 20"
-- client_ips = "Addresses it came from, sorted, at most 20"
-- baseline = "How far usual can be trusted: 12 of 14 days held before the hour"
-- account_id = "The account that was acted on"
-- event_ids = "The events of the hour, sorted"
-- ///
WITH hours AS (
    SELECT
        *, coalesce(sum(counted) OVER before, 0) / ($baseline_days * 24) AS usual,
        coalesce(sum(counted * counted) OVER before, 0) / ($baseline_days * 24) AS square,
        (counted - usual) / greatest(sqrt(square - usual * usual), 1) AS z,
        held_before(account_id, hour_start::DATE, $baseline_days, $min_history_days) AS baseline
    FROM hourly_counts
    WHERE what = $what AND whose = $of
    WINDOW before AS (
        PARTITION BY account_id, who_key ORDER BY hour_start
        RANGE BETWEEN to_days($baseline_days) PRECEDING AND INTERVAL 1 HOUR PRECEDING
    )
)

SELECT
    hour_start, hours.who, counted, round(usual, 2) AS usual, round(z, 1) AS z,
    set_of(action)[1:20] AS actions, set_of(client_ip)[1:20] AS client_ips, baseline,
    account_id, list_sort(list(event_id)) AS event_ids
FROM hours INNER JOIN counted_calls USING (account_id, hour_start, whose, who_key, what)
WHERE
    counted >= $min_count
    AND z >= $min_z
    AND baseline IS NOT NULL
    AND event_id IN (SELECT events.event_id FROM events)
GROUP BY account_id, who_key, hour_start, hours.who, counted, hours.usual, hours.z, baseline
ORDER BY hour_start, who, who_key, account_id
