-- /// trailquery
-- title = "Sign-ins without MFA"
-- question = "Who signed in to the console with a password alone, and from where?"
-- category = "signin"
-- kind = "finding"
-- severity = "low"
-- mitre = ["T1078.004"]
-- why = "Whoever learns the password is in. Harmless only as far as the user may do nothing that matters; sign-ins through an identity provider do not count, for only the provider knows of its MFA."
-- next = "trailquery run console_logins --user {actor}"
-- example = "trailquery run console_no_mfa --since 2024-03-01"
--
-- [columns]
-- first_seen = "The first such sign-in in scope (UTC)"
-- last_seen = "The last (UTC)"
-- actor = "Who: a user, root, or a user of Identity Center"
-- identity_type = "IAMUser, Root or IdentityCenterUser"
-- account_id = "The account signed in to"
-- sign_ins = "How many"
-- client_ips = "The browser's addresses, sorted"
-- user_agents = "The browser's own words, sorted; forgeable"
-- event_ids = "The sign-ins, sorted"
-- ///
SELECT
    min(event_time) AS first_seen, max(event_time) AS last_seen, actor, identity_type, account_id,
    count(*) AS sign_ins, set_of(client_ip) AS client_ips, set_of(user_agent) AS user_agents,
    list_sort(list(event_id)) AS event_ids
FROM signin_events
WHERE
    (api IN ('ConsoleLogin', 'UserAuthentication')) IS TRUE
    AND mfa = 'no'
    AND outcome = 'success'
GROUP BY actor, identity_type, account_id
ORDER BY first_seen, account_id, actor
