-- /// trailquery
-- title = "Passwords guessed from many addresses"
-- question = "Into which account was sign-in tried in vain from many addresses within an hour, and who of those tried came in?"
-- category = "signin"
-- kind = "finding"
-- severity = "medium"
-- mitre = ["T1110.001", "T1110.003"]
-- why = "Guessers change the address with every try, so that none of them stands out; people who mistype come in from the same address soon after, and such addresses do not count. Harmless where thousands sign in at nine o'clock, for some of them give up."
-- next = "trailquery run console_failures --by user --account {account_id}"
-- example = "trailquery run console_guessing_spread --min-addresses 5"
--
-- [params.min_addresses]
-- type = "integer"
-- default = 10
-- about = "Addresses that only failed in one clock hour, at or above which an account is listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- account_id = "The account signed in to"
-- addresses = "From how many addresses sign-in failed, and never worked"
-- failures = "Failed steps from there: password, MFA code"
-- users = "Whom they were against, sorted; (hidden user name) where AWS hides a name that does not exist"
-- succeeded_as = "Who of these signed in in that hour, from wherever, sorted"
-- first_failure = "The first failure (UTC)"
-- last_failure = "The last (UTC)"
-- event_ids = "Those failures and sign-ins, sorted"
-- ///
WITH steps AS (
    SELECT
        *, date_trunc('hour', event_time) AS hour_start,
        bool_and(result = 'Failure')
            OVER (PARTITION BY hour_start, account_id, client_ip) AS only_fails
    FROM signin_events
    WHERE
        api IN ('ConsoleLogin', 'UserAuthentication')
        OR (api IN ('CheckMfa', 'CredentialVerification') AND result = 'Failure')
),

of_the_tried AS (
    SELECT *, bool_or(only_fails) OVER (PARTITION BY hour_start, account_id, actor) AS was_tried
    FROM steps
)

SELECT
    hour_start, account_id, count(DISTINCT client_ip) FILTER (WHERE only_fails) AS addresses,
    count(*) FILTER (WHERE only_fails) AS failures, set_of(actor) AS users,
    coalesce(set_of(CASE WHEN result = 'Success' THEN actor END), []) AS succeeded_as,
    min(event_time) FILTER (WHERE only_fails) AS first_failure,
    max(event_time) FILTER (WHERE only_fails) AS last_failure, set_of(event_id) AS event_ids
FROM of_the_tried
WHERE was_tried AND (only_fails OR result = 'Success')
GROUP BY hour_start, account_id
HAVING addresses >= $min_addresses
ORDER BY hour_start, account_id
