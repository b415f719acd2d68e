-- /// trailquery
-- title = "Passwords guessed"
-- question = "From which address were the passwords of many users tried, or one user's again and again, and who then signed in?"
-- category = "signin"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1110.001", "T1110.003"]
-- why = "People mistype their own password a few times; only a guesser fails as many users, or twenty times an hour. Harmless where the address is the way out of a large office, or a program holds an old password."
-- next = "trailquery run timeline_ip {client_ip}"
-- example = "trailquery run console_guessing --min-users 3"
--
-- [params.min_users]
-- type = "integer"
-- default = 5
-- about = "Users failed as from one address in one clock hour, at or above which it is listed; all hidden names of an account are one"
--
-- [params.min_failures]
-- type = "integer"
-- default = 20
-- about = "Failures from one address in one clock hour, at or above which it is listed, whoever they are against"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- client_ip = "The address"
-- failures = "Failed steps: password, MFA code"
-- users = "Whom they were against, sorted; (hidden user name) where AWS hides a name that does not exist"
-- succeeded_as = "Who signed in from there in that hour, sorted"
-- first_failure = "The first failure (UTC)"
-- last_failure = "The last (UTC)"
-- accounts = "The accounts signed in to, sorted"
-- event_ids = "The failures and those sign-ins, sorted"
-- ///
SELECT
    date_trunc('hour', event_time) AS hour_start, client_ip,
    count(*) FILTER (WHERE result = 'Failure') AS failures,
    list_sort(list(DISTINCT actor) FILTER (WHERE result = 'Failure')) AS users,
    coalesce(list_sort(list(DISTINCT actor) FILTER (WHERE result = 'Success')), []) AS succeeded_as,
    min(event_time) FILTER (WHERE result = 'Failure') AS first_failure,
    max(event_time) FILTER (WHERE result = 'Failure') AS last_failure,
    set_of(account_id) AS accounts, list_sort(list(event_id)) AS event_ids
FROM signin_events
WHERE
    api IN ('ConsoleLogin', 'UserAuthentication')
    OR (api IN ('CheckMfa', 'CredentialVerification') AND result = 'Failure')
GROUP BY date_trunc('hour', event_time), client_ip
HAVING
    -- root of one account is another than root of the next
    count(DISTINCT concat_ws(' ', account_id, actor)) FILTER (WHERE result = 'Failure')
    >= $min_users
    OR count(*) FILTER (WHERE result = 'Failure') >= $min_failures
ORDER BY hour_start, client_ip
