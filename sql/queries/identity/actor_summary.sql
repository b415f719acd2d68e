-- /// trailquery
-- title = "Summary of identities"
-- question = "Who is active: since when, how much, with what services, from where, with how many refusals?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run actor_summary --actor ci-deploy"
--
-- [params.actor]
-- type = "text"
-- default = ""
-- about = "Only this user, role, role/session, ARN, principal id, access key or service; empty is everyone"
--
-- [params.min_events]
-- type = "integer"
-- default = 1
-- about = "Leave out identities with fewer events"
--
-- [params.include_aws]
-- type = "boolean"
-- default = false
-- about = "Also AWS services, and what they did in an identity's name; a service asked for by name is always shown"
--
-- [columns]
-- actor = "User, role (all its sessions), root, service"
-- identity_type = "Kind of caller"
-- actor_account_id = "The account the caller belongs to"
-- first_seen = "Its first event in scope (UTC)"
-- last_seen = "Its last event in scope (UTC)"
-- events = "How many events"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- errors = "Of these, failed for another reason"
-- sessions = "Distinct sessions or long-term keys"
-- client_ips = "Addresses it came from, sorted"
-- clients = "Kinds of client program, sorted"
-- services = "Services it called, sorted"
-- regions = "Regions it called, sorted"
-- accounts = "Accounts it acted on, sorted"
-- principal_key = "The durable identity, by which this groups"
-- ///
SELECT
    -- in another account's half of a call the same principal is only `account N`
    min_by(coalesce(role_name, actor), (identity_type = 'AWSAccount', role_name, actor)) AS actor,
    min_by(identity_type, (identity_type = 'AWSAccount', identity_type)) AS identity_type,
    actor_account_id, min(event_time) AS first_seen, max(event_time) AS last_seen,
    count(*) AS events, count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    count(*) FILTER (WHERE outcome = 'error') AS errors, count(DISTINCT session_id) AS sessions,
    set_of(client_ip) AS client_ips, set_of(client) AS clients, set_of(service) AS services,
    set_of(region) AS regions, set_of(account_id) AS accounts, principal_key
FROM events
WHERE
    category NOT IN ('insight', 'aggregated')
    AND (
        $actor = ''
        OR $actor IN (
            actor, actor_arn, principal_key, principal_id, user_name, role_arn, role_name,
            access_key_id
        )
    )
    AND (NOT is_aws_call OR $include_aws OR ($actor <> '' AND identity_type = 'AWSService'))
GROUP BY principal_key, actor_account_id
HAVING count(*) >= $min_events
ORDER BY events DESC, principal_key, actor_account_id
