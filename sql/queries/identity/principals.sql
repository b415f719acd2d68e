-- /// trailquery
-- title = "Identities"
-- question = "Which identities are there in these logs, of what kind, since when and how active?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1078.004"]
-- example = "trailquery run principals --type IAMUser"
--
-- [params.type]
-- type = "text"
-- default = ""
-- about = "Only identities of this type: Root, IAMUser, AssumedRole, AWSService ...; empty is all but AWS services"
--
-- [columns]
-- name = "User, role (all its sessions), root, service"
-- identity_type = "Kind of identity; AWSAccount where only other accounts saw it, and so without its name"
-- account_id = "The account it belongs to"
-- first_seen = "Its first event held, in scope or not (UTC)"
-- last_seen = "Its last event held (UTC)"
-- events = "How many events"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- sessions = "Distinct sessions or long-term keys"
-- client_ips = "How many addresses it came from"
-- regions = "How many regions it called"
-- services = "How many services it called"
-- clients = "Kinds of client program, sorted"
-- arn = "Its ARN; of a role that of the role, not of its sessions"
-- principal_key = "The durable identity"
-- ///
SELECT
    name, identity_type, account_id, first_seen, last_seen, events, writes, denied, sessions,
    client_ips, regions, services, clients, arn, principal_key
FROM principals
WHERE identity_type = $type OR ($type = '' AND identity_type <> 'AWSService')
ORDER BY first_seen, principal_key
