-- Which trail records what.
-- noqa: disable=LT05

-- stored.recorded: one row a trail and thing it records: an account, a region, a category, a service of data events.
CREATE VIEW stored.recorded AS
WITH contents AS (
    SELECT DISTINCT
        file_sha256,
        category,
        if(category = 'data', service, NULL) AS data_of,
        category = 'management' AND is_global_service(service, region) AS is_global
    FROM history
    UNION
    SELECT DISTINCT
        copy.file_sha256,
        event.category,
        if(event.category = 'data', event.service, NULL) AS data_of,
        event.category = 'management'
        AND is_global_service(event.service, event.region) AS is_global
    FROM stored.sightings AS copy
    INNER JOIN history AS event
        ON copy.same_as_file = event.file_sha256 AND copy.same_as_position = event.position
),

of_trails AS (
    SELECT DISTINCT
        chain.prefix,
        chain.organization_id,
        chain.trail,
        contents.category,
        contents.data_of,
        contents.is_global
    FROM stored.chain_files AS file
    INNER JOIN stored.chains AS chain ON file.id = chain.id
    INNER JOIN contents ON file.file_sha256 = contents.file_sha256
)

SELECT prefix, organization_id, trail, category AS thing FROM of_trails
UNION
SELECT prefix, organization_id, trail, 'data: ' || data_of AS thing FROM of_trails WHERE data_of IS NOT NULL
UNION
SELECT prefix, organization_id, trail, 'global services' AS thing FROM of_trails WHERE is_global
UNION
SELECT prefix, organization_id, trail, 'region ' || region AS thing
FROM stored.chains WHERE told_by <> 'events'
UNION
SELECT prefix, organization_id, trail, 'account ' || account_id AS thing
FROM stored.chains WHERE told_by <> 'events';

-- trails: one row a trail, as its folders, digests and events tell of it.
CREATE VIEW trails AS
WITH chains AS (
    SELECT
        prefix,
        organization_id,
        trail,
        any_value(home_region) AS home_region,
        bool_or(told_by = 'digests') AS is_signed,
        list_sort(list(DISTINCT account_id)) AS accounts,
        list_sort(list(DISTINCT region)) AS regions,
        min(first_held) AS first_hour,
        max(last_held) AS last_hour
    FROM stored.chains
    WHERE told_by <> 'events'
    GROUP BY prefix, organization_id, trail
),

things AS (
    SELECT prefix, organization_id, trail, list_sort(list(thing)) AS things
    FROM stored.recorded
    GROUP BY prefix, organization_id, trail
),

calls AS (
    SELECT
        region,
        regexp_extract(
            coalesce(
                json_extract_string(request, '$.trailName'),
                json_extract_string(request, '$.name')
            ),
            '([^/]+)$',
            1
        ) AS trail,
        arg_max(
            coalesce(
                json_extract_string(request, '$.advancedEventSelectors'),
                json_extract_string(request, '$.eventSelectors')
            ),
            event_time
        ) FILTER (WHERE api = 'PutEventSelectors') AS selectors
    FROM history
    WHERE service = 'cloudtrail' AND api = 'PutEventSelectors' AND outcome = 'success'
    GROUP BY ALL
)

SELECT
    chains.trail,
    chains.home_region,
    chains.prefix,
    chains.organization_id,
    chains.is_signed,
    chains.accounts,
    chains.regions,
    chains.first_hour,
    chains.last_hour,
    list_filter(
        things.things, lambda thing: NOT regexp_matches(thing, '^(region|account) ')
    ) AS records,
    list_sort(
        list_filter(
            list_distinct(flatten(list(things.things) OVER ())),
            lambda thing: NOT list_contains(things.things, thing)
        )
    ) AS lacks,
    calls.selectors
FROM chains
LEFT JOIN things
    ON
        chains.prefix IS NOT DISTINCT FROM things.prefix
        AND chains.organization_id IS NOT DISTINCT FROM things.organization_id
        AND chains.trail IS NOT DISTINCT FROM things.trail
LEFT JOIN calls ON chains.trail = calls.trail AND chains.home_region = calls.region;

COMMENT ON VIEW trails IS 'Trails, as folders, digests and events tell of them, whatever the scope.';
COMMENT ON COLUMN trails.trail IS 'The name of the trail, where digests tell it.';
COMMENT ON COLUMN trails.home_region IS 'The region in which it is configured.';
COMMENT ON COLUMN trails.prefix IS 'What stands before AWSLogs in the paths of its files.';
COMMENT ON COLUMN trails.organization_id IS 'The organisation whose trail it is.';
COMMENT ON COLUMN trails.is_signed IS 'Whether it delivers digests, by which files can be verified.';
COMMENT ON COLUMN trails.accounts IS 'The accounts it delivers of, sorted.';
COMMENT ON COLUMN trails.regions IS 'The regions it delivers of, sorted.';
COMMENT ON COLUMN trails.first_hour IS 'The first hour held (UTC).';
COMMENT ON COLUMN trails.last_hour IS 'The last hour held (UTC).';
COMMENT ON COLUMN trails.records IS
'What its files hold: categories, the services of data events, global services.';
COMMENT ON COLUMN trails.lacks IS
'What another trail of the lake has and it has not: accounts, regions, categories, services.';
COMMENT ON COLUMN trails.selectors IS
'The selectors it was last given in a call that is held, JSON text.';
