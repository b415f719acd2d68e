-- /// trailquery
-- title = "Regions in use"
-- question = "Which regions are used in which account, since when, how much, by how many identities, for what?"
-- category = "any"
-- kind = "question"
-- mitre = ["T1535"]
-- example = "trailquery run regions"
--
-- [columns]
-- region = "The region that recorded the calls; global services use us-east-1"
-- account_id = "The account that was acted on"
-- is_approved = "The region is in [regions] approved of trailquery.toml; NULL where nothing is approved there"
-- first_seen = "First call in scope (UTC)"
-- last_seen = "Last call in scope (UTC)"
-- events = "Calls, without those of AWS itself"
-- writes = "Of these, changes that worked"
-- denied = "Of these, refused"
-- identities = "Distinct users, roles and other callers"
-- services = "Services called, sorted"
-- ///
SELECT
    region, account_id, is_approved_region AS is_approved,
    min(event_time) AS first_seen, max(event_time) AS last_seen, count(*) AS events,
    count(*) FILTER (WHERE access = 'write' AND outcome = 'success') AS writes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied,
    count(DISTINCT principal_key) AS identities, set_of(service) AS services
FROM events
WHERE NOT is_aws_call AND region IS NOT NULL
GROUP BY region, account_id, is_approved_region
ORDER BY events, region, account_id, is_approved
