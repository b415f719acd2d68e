-- /// trailquery
-- title = "Failed sign-ins"
-- question = "Which sign-ins failed again and again, against whom and from where, and did one succeed?"
-- category = "signin"
-- kind = "lead"
-- mitre = ["T1110", "T1110.003"]
-- example = "trailquery run console_failures --by user --per day --min-failures 5"
--
-- [params.by]
-- type = "choice"
-- choices = ["ip", "user"]
-- default = "ip"
-- about = "What the failures share: their address (one guesser) or their user (one victim)"
--
-- [params.per]
-- type = "choice"
-- choices = ["hour", "day"]
-- default = "hour"
-- about = "Counted by clock hour, or by day for a patient guesser"
--
-- [params.min_failures]
-- type = "integer"
-- default = 3
-- about = "Failures in that time, at or above which they are listed"
--
-- [columns]
-- period_start = "Start of the clock hour or day (UTC)"
-- shared = "The address; or account and user"
-- failures = "Failed steps: password, MFA code"
-- users = "Whom they were against, sorted; (hidden user name) where AWS hides a name that does not exist"
-- succeeded_as = "Who signed in from that address, or as that user, in that time, sorted"
-- client_ips = "The addresses of both, sorted"
-- messages = "Why they failed, sorted"
-- first_failure = "The first failure (UTC)"
-- last_failure = "The last (UTC)"
-- last_success = "The last sign-in (UTC); NULL if none"
-- accounts = "The accounts signed in to, sorted"
-- event_ids = "The failures and the sign-ins, sorted"
-- ///
WITH steps AS (
    SELECT
        *, date_trunc($per, event_time) AS period_start,
        CASE $by WHEN 'ip' THEN client_ip ELSE account_id || ' ' || actor END AS shared
    FROM signin_events
    WHERE
        api IN ('ConsoleLogin', 'UserAuthentication')
        OR (api IN ('CheckMfa', 'CredentialVerification') AND result = 'Failure')
)

SELECT
    period_start, shared, count(*) FILTER (WHERE result = 'Failure') AS failures,
    list_sort(list(DISTINCT actor) FILTER (WHERE result = 'Failure')) AS users,
    coalesce(list_sort(list(DISTINCT actor) FILTER (WHERE result = 'Success')), []) AS succeeded_as,
    set_of(client_ip) AS client_ips,
    list_sort(list(DISTINCT error_message) FILTER (WHERE result = 'Failure')) AS messages,
    min(event_time) FILTER (WHERE result = 'Failure') AS first_failure,
    max(event_time) FILTER (WHERE result = 'Failure') AS last_failure,
    max(event_time) FILTER (WHERE result = 'Success') AS last_success,
    set_of(account_id) AS accounts, list_sort(list(event_id)) AS event_ids
FROM steps
GROUP BY period_start, shared
HAVING count(*) FILTER (WHERE result = 'Failure') >= $min_failures
ORDER BY period_start, shared
