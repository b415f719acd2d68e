-- /// trailquery
-- title = "Outside accounts that acted here"
-- question = "Which identities of accounts that are not ours have acted here, since when, and which roles did they get?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1199", "T1078.004"]
-- example = "trailquery run external_principals --since 7d"
--
-- [columns]
-- first_seen = "First call held of that identity in that account, in scope or not (UTC)"
-- last_seen = "Last call in scope (UTC)"
-- from_account = "The outside account"
-- principal_key = "The identity's unique id: AIDA... a user, AROA... a role; of a product provider that acts as a role of ours, that role's"
-- client_ips = "From which addresses, sorted"
-- calls = "Number of calls in scope"
-- denied = "Of these, refused"
-- roles = "Roles that it asked for, sorted"
-- external_ids = "External ids that it sent along, sorted: a vendor has one for each customer"
-- actions = "What was called, sorted"
-- account_id = "The account that was acted on"
-- event_ids = "The calls in scope, sorted"
-- ///
WITH first_calls AS (
    SELECT principal_key, account_id, min(event_time) AS first_seen
    FROM history
    WHERE is_cross_account
    GROUP BY principal_key, account_id
)

SELECT
    any_value(first_calls.first_seen) AS first_seen, max(events.event_time) AS last_seen,
    coalesce(events.delegate_account_id, events.actor_account_id) AS from_account, principal_key,
    set_of(events.client_ip) AS client_ips, count(*) AS calls,
    count(*) FILTER (WHERE events.outcome = 'denied') AS denied, set_of(asked.role_arn) AS roles,
    set_of(asked.external_id) AS external_ids, set_of(events.action) AS actions, account_id,
    list_sort(list(events.event_id)) AS event_ids
FROM events
INNER JOIN first_calls USING (principal_key, account_id)
LEFT JOIN credential_issuance AS asked
    ON events.event_id = asked.event_id AND events.account_id = asked.account_id
WHERE
    events.is_cross_account
    AND NOT is_own_account(coalesce(events.delegate_account_id, events.actor_account_id))
GROUP BY from_account, principal_key, account_id
ORDER BY first_seen, from_account, principal_key, account_id
