-- /// trailquery
-- title = "Activity of an Identity Center user"
-- question = "What did this Identity Center user do, in which accounts and with which permission sets?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run sso_user_activity carol@example.com"
--
-- [params.user]
-- type = "text"
-- about = "The user's name or id; the one finds the other if any sign-in held names both"
--
-- [columns]
-- account_id = "The account that was acted on"
-- permission_set = "The permission set; NULL: in the access portal, or an application on the user's behalf"
-- first_seen = "The first event in scope (UTC)"
-- last_seen = "The last event in scope (UTC)"
-- sessions = "Distinct sessions"
-- events = "How many events"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- errors = "Of these, failed for another reason"
-- client_ips = "Addresses the user came from, sorted"
-- clients = "Kinds of client program, sorted"
-- services = "Services called, sorted"
-- actors = "Whom the events name, sorted: for timeline_actor"
-- ///
WITH names AS (
    SELECT unnest([user_name, principal_key, on_behalf_of_user]) AS name
    FROM history
    WHERE
        (identity_type IN ('IdentityCenterUser', 'Unknown')) IS TRUE  -- Unknown: so until July 2025
        AND $user IN (user_name, principal_key, on_behalf_of_user)
    UNION
    SELECT $user AS name
)

SELECT
    account_id, permission_set, min(event_time) AS first_seen, max(event_time) AS last_seen,
    count(DISTINCT session_id) AS sessions, count(*) AS events,
    count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    count(*) FILTER (WHERE outcome = 'error') AS errors, set_of(client_ip) AS client_ips,
    set_of(client) AS clients, set_of(service) AS services, set_of(actor) AS actors
FROM identity_center_events
WHERE list_has_any(center_users, (SELECT list(name) FROM names))
GROUP BY account_id, permission_set
ORDER BY first_seen, account_id, permission_set
