-- /// trailquery
-- title = "Work in a region not approved"
-- question = "Who changed something, or tried to, in a region that is not approved?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1535"]
-- why = "Where nobody works nobody looks, so intruders and miners start there. Harmless where a team opens a new region and approval has not caught up."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run unapproved_region --approved us-east-1 --approved eu-west-1"
--
-- [params.approved]
-- type = "list"
-- default = []
-- about = "The approved regions; empty is [regions] approved of trailquery.toml, and without that nothing is found"
--
-- [columns]
-- region = "The region"
-- actor = "The caller, readable: user, role/session"
-- first_seen = "First of the calls (UTC)"
-- last_seen = "Last of the calls (UTC)"
-- client_ips = "Addresses they came from, sorted"
-- worked = "Changes that worked"
-- refused = "Changes that were refused or failed"
-- actions = "The calls, sorted"
-- account_id = "The account that was acted on"
-- event_ids = "Their events, sorted"
-- ///
SELECT
    region, actor, min(event_time) AS first_seen, max(event_time) AS last_seen,
    set_of(client_ip) AS client_ips, count(*) FILTER (WHERE outcome = 'success') AS worked,
    count(*) FILTER (WHERE outcome <> 'success') AS refused, set_of(action) AS actions, account_id,
    list_sort(list(event_id)) AS event_ids
FROM events
WHERE
    access = 'write'
    AND category <> 'signin'
    AND NOT is_aws_call
    AND NOT CASE
        WHEN len($approved) > 0
            THEN list_contains($approved, region) OR is_global_service(service, region)
        ELSE coalesce(is_approved_region, TRUE)
    END
GROUP BY region, actor, account_id
ORDER BY first_seen, region, actor, account_id
