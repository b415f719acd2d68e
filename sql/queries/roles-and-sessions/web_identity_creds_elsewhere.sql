-- /// trailquery
-- title = "Credentials of a build or pod used elsewhere"
-- question = "Which credentials that a token of a build or pod fetched were used in another kind of network than their role's tokens come from?"
-- category = "any"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1528", "T1078.004"]
-- why = "A build fetches its credentials in the network it runs in and uses them there; who calls with them from a home, a VPN or another cloud took them out of it. Harmless where a role's builds have just moved, or where people sign in by the same provider and travel."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run web_identity_creds_elsewhere"
--
-- [columns]
-- first_seen = "First call in scope from there (UTC)"
-- last_seen = "Last call in scope from there (UTC)"
-- actor = "role/session that the token became"
-- subject = "Whom the provider vouched for: repository, pod"
-- fetched_from = "The address that fetched the credentials"
-- client_ip = "The address that is out of place"
-- ip_scope = "aws, cloud (other providers), vpn, tor or public: not where tokens for this role come from"
-- user_agents = "Clients seen there, sorted; forgeable"
-- calls = "Calls in scope from there"
-- denied = "Of these, refused"
-- actions = "What was called from there, sorted"
-- account_id = "The account that was acted on"
-- session_id = "The credentials"
-- event_ids = "The calls from there, sorted"
-- ///
WITH fetched AS (
    SELECT issued_key_id, requested_role_arn, actor AS subject, client_ip, ip_scope
    FROM history
    -- a provider set up in the account: Google or Cognito vouch for people
    WHERE contains(identity_provider, ':oidc-provider/') AND is_internet(ip_scope)
)

SELECT
    min(events.event_time) AS first_seen, max(events.event_time) AS last_seen,
    events.actor, fetched.subject, fetched.client_ip AS fetched_from,
    events.client_ip, events.ip_scope, set_of(events.user_agent) AS user_agents, count(*) AS calls,
    count(*) FILTER (WHERE events.outcome = 'denied') AS denied, set_of(events.action) AS actions,
    events.account_id, events.session_id, list_sort(list(events.event_id)) AS event_ids
FROM events INNER JOIN fetched ON events.access_key_id = fetched.issued_key_id
WHERE
    is_whole_id(events.access_key_id)
    AND is_internet(events.ip_scope)
    AND NOT EXISTS (
        SELECT 1 FROM fetched AS home
        WHERE
            fetched.requested_role_arn = home.requested_role_arn
            AND events.ip_scope = home.ip_scope
    )
GROUP BY
    events.actor, fetched.subject, fetched.client_ip, events.client_ip, events.ip_scope,
    events.account_id, events.session_id
ORDER BY first_seen, actor, client_ip
