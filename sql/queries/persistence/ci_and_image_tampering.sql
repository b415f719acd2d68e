-- /// trailquery
-- title = "Builds, pipelines and images changed"
-- question = "Who changed sources, build projects, pipelines, registries, launch templates, extensions or images that others will run, or lifted the rule that says which may?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1525", "T1195.001"]
-- example = "trailquery run ci_and_image_tampering --first-only"
--
-- [params.first_only]
-- type = "boolean"
-- default = false
-- about = "Only what this identity had never changed before in all the lake holds"
--
-- [columns]
-- first_at = "First such call in scope (UTC)"
-- last_at = "Last such call in scope (UTC)"
-- actor = "The caller, readable: user, role/session"
-- action = "service:api"
-- target = "The project, pipeline, repository, template or image"
-- calls = "How many calls"
-- worked = "Of these, that worked"
-- is_first = "The identity had never made this call on it before, in all the lake holds"
-- client_ips = "Addresses they came from, sorted"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_ids = "Their events, sorted"
-- ///
WITH changed AS (
    SELECT
        *,
        event_time = min(event_time) OVER (
            PARTITION BY account_id, principal_key, action, target
        ) AS is_first
    FROM supply_chain_changes
)

SELECT
    min(event_time) AS first_at, max(event_time) AS last_at, min(actor) AS actor, action, target,
    count(*) AS calls, count(*) FILTER (WHERE outcome = 'success') AS worked,
    bool_or(is_first) AS is_first, set_of(client_ip) AS client_ips, account_id, region,
    list_sort(list(event_id)) AS event_ids
FROM changed
WHERE event_id IN (SELECT event_id FROM events)
GROUP BY principal_key, action, target, account_id, region
HAVING bool_or(is_first) OR NOT $first_only
ORDER BY first_at, actor, action, target, account_id, region
