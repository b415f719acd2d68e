-- /// trailquery
-- title = "Who used this tool"
-- question = "Which identities called with a user agent that holds this text, since when and from where?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run user_agent_pivot kali --since 2024-03-01"
--
-- [params.text]
-- type = "text"
-- about = "Part of the user agent, in any capitals: kali, Boto3/1.26, distrib#ubuntu; it is no pattern"
--
-- [columns]
-- user_agent = "The client's own words, whole; forgeable"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other"
-- actor = "User, role (all its sessions), root, service"
-- identity_type = "Kind of caller"
-- actor_account_id = "The account the caller belongs to"
-- first_seen = "Its first event in scope (UTC)"
-- last_seen = "Its last event in scope (UTC)"
-- events = "How many events"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- client_ips = "Addresses it came from, sorted"
-- services = "Services called, sorted"
-- principal_key = "The durable identity, by which this groups"
-- ///
SELECT
    user_agent, min(client) AS client,
    -- in another account's half of a call the same principal is only `account N`
    min_by(coalesce(role_name, actor), (identity_type = 'AWSAccount', role_name, actor)) AS actor,
    min_by(identity_type, (identity_type = 'AWSAccount', identity_type)) AS identity_type,
    actor_account_id, min(event_time) AS first_seen, max(event_time) AS last_seen,
    count(*) AS events, count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied, set_of(client_ip) AS client_ips,
    set_of(service) AS services, principal_key
FROM events
WHERE contains(lower(user_agent), lower($text))
GROUP BY user_agent, principal_key, actor_account_id
ORDER BY first_seen, user_agent, principal_key, actor_account_id
