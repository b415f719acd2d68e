-- /// trailquery
-- title = "Callers with old TLS"
-- question = "Which callers still use an old version of TLS, and for which endpoints?"
-- category = "any"
-- kind = "question"
-- mitre = []
-- example = "trailquery run tls_use --below TLSv1.3"
--
-- [params.below]
-- type = "choice"
-- choices = ["TLSv1.1", "TLSv1.2", "TLSv1.3", "all"]
-- default = "TLSv1.2"
-- about = "Only versions older than this one; all is every version"
--
-- [columns]
-- tls_version = "The version"
-- actor = "User, role (all its sessions), root"
-- calls = "How many calls"
-- host_headers = "The endpoints called, sorted"
-- user_agents = "How many different user agents"
-- user_agent = "The newest of them; forgeable"
-- client_ips = "Addresses they came from, sorted"
-- first_seen = "The first call (UTC)"
-- last_seen = "The last call (UTC)"
-- principal_key = "The durable identity, by which this groups"
-- ///
SELECT
    tls_version, max(coalesce(role_name, actor)) AS actor, count(*) AS calls,
    set_of(host_header) AS host_headers, count(DISTINCT user_agent) AS user_agents,
    max_by(user_agent, (event_time, event_id)) AS user_agent, set_of(client_ip) AS client_ips,
    min(event_time) AS first_seen, max(event_time) AS last_seen, principal_key
FROM events
WHERE tls_version < $below  -- as text: SSLv3 < TLSv1 < TLSv1.3 < all
GROUP BY tls_version, principal_key
ORDER BY tls_version, calls DESC, principal_key
