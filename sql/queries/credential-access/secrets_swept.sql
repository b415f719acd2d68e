-- /// trailquery
-- title = "Secrets listed, then read one after another"
-- question = "Who listed the secrets or parameters of an account and asked for many of them within an hour, or for batch after batch by a filter?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1555.006"]
-- why = "A program knows the name of the secret it needs; who first lists them all and then reads them is collecting. Harmless where it is a tool that copies secrets by design (backup, migration, an operator that syncs them); what an identity got from the same address on an earlier day is left out."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run secrets_swept --min-secrets 5"
--
-- [params.min_secrets]
-- type = "integer"
-- default = 10
-- about = "Different secrets and decrypted parameters asked for in one clock hour, at or above which a caller is listed"
--
-- [params.min_batches]
-- type = "integer"
-- default = 3
-- about = "Calls in one clock hour that fetched up to 20 secrets each by a filter, at or above which a caller is listed"
--
-- [columns]
-- hour_start = "Start of the clock hour (UTC)"
-- actor = "Who read"
-- client_ips = "From which addresses, sorted"
-- user_agents = "With which clients, sorted; forgeable"
-- listings = "Calls that listed names, or fetched values, by no name or by a filter other than the name"
-- secrets = "Number of different secrets and parameters asked for"
-- denied = "Calls for values that were refused"
-- names = "The secrets and parameters, sorted"
-- account_id = "The account of the secrets"
-- session_id = "The session, of several the last: one in the console, one in CloudShell"
-- event_ids = "The listings and the calls for values, sorted"
-- ///
WITH calls AS (
    SELECT
        *, date_trunc('hour', event_time) AS hour_start,
        coalesce(principal_id, session_id) AS caller,  -- CloudShell is a session of its own
        min(event_time) FILTER (WHERE secret_kind <> 'value')
            OVER (PARTITION BY hour_start, caller, account_id, service) AS listed_at
    FROM secret_calls
    WHERE
        (secret_kind = 'value' OR outcome = 'success')
        AND (secret_kind = 'listing' OR (secret_kind IN ('value', 'batch') AND NOT got_before))
        AND event_id IN (SELECT events.event_id FROM events)
)

SELECT
    hour_start, actor, set_of(client_ip) AS client_ips, set_of(user_agent) AS user_agents,
    count(*) FILTER (WHERE secret_kind <> 'value') AS listings,
    len(list_distinct(flatten(list(secrets)))) AS secrets,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    list_sort(list_distinct(flatten(list(secrets)))) AS names, account_id,
    max_by(session_id, (event_time, event_id)) AS session_id, set_of(event_id) AS event_ids
FROM calls
WHERE event_time >= listed_at
GROUP BY hour_start, actor, account_id, caller
HAVING len(names) >= $min_secrets OR count(*) FILTER (WHERE secret_kind = 'batch') >= $min_batches
ORDER BY hour_start, actor, account_id, session_id
