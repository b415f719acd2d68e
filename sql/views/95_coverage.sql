-- Which hours are held. An hour is that of delivery: an event of its last minutes may stand in a file of the next.
-- A chain is a trail in one account and region; its id is made of what it is. (sqruff cannot indent an if() in a CASE.)
-- noqa: disable=LT02,LT05

-- stored.file_places: one row a log file or digest and place, as the newest read found it. Equal bytes may lie below two
-- trails: each place tells for itself.
CREATE VIEW stored.file_places AS
WITH newest AS (
    SELECT
        place,
        file_sha256,
        arg_max(kind, ingested_at) AS kind,
        arg_max(status, ingested_at) AS status,
        max(ingested_at) AS ingested_at,
        any_value(account_id) AS account_id,
        any_value(region) AS region,
        any_value(delivered_at) AS delivered_at,
        regexp_extract(place, '([^/\\!]+)$', 1) AS name,
        regexp_extract(
            place,
            '^(?:(.*)[/!])?AWSLogs/(?:(o-\w+)/)?(\d{12})/CloudTrail[A-Za-z-]*/([a-z0-9-]+)/',
            ['prefix', 'organization_id', 'account_id', 'region']
        ) AS path
    FROM stored.files
    WHERE account_id IS NOT NULL AND region IS NOT NULL AND delivered_at IS NOT NULL
    GROUP BY place, file_sha256
)

SELECT
    place,
    file_sha256,
    kind,
    name,
    status NOT IN ('unread', 'archived') AS is_held,
    status = 'pruned' AS is_pruned,
    ingested_at,
    nullif(path.prefix, '') AS prefix,
    nullif(path.organization_id, '') AS organization_id,
    coalesce(nullif(path.account_id, ''), account_id) AS account_id,
    coalesce(nullif(path.region, ''), region) AS region,
    coalesce(
        try_strptime(regexp_extract(name, '_(\d{8}T\d{4})(?:\d\d)?Z', 1), '%Y%m%dT%H%M'), delivered_at
    ) AS delivered_at
FROM newest
WHERE status <> 'read since';

-- stored.digest_places: one row a digest, where it lay and what it says.
CREATE VIEW stored.digest_places AS
SELECT
    hash(
        held.prefix, held.organization_id, held.account_id, held.region, digest.trail
    ) AS id,
    held.prefix,
    held.organization_id,
    held.account_id,
    held.region,
    digest.trail,
    digest.home_region,
    digest.starts_at,
    digest.ends_at,
    digest.is_first,
    digest.names,
    coalesce(own.verdict = 'intact', FALSE) AS is_proven,
    date_trunc(
        'hour',
        digest.starts_at
        + to_microseconds(date_diff('microsecond', digest.starts_at, digest.ends_at) // 2)
    ) AS hour
FROM stored.file_places AS held
INNER JOIN stored.digests AS digest ON held.file_sha256 = digest.file_sha256
LEFT JOIN stored.file_verdicts AS own ON held.file_sha256 = own.file_sha256
WHERE held.kind = 'digest' AND digest.trail IS NOT NULL;

-- stored.chains: one row a trail in one account and region: by its digests; where a folder has none, by its files; where
-- the path of the files does not tell, by the events. `first_hour` is open where the trail is known to have been there.
CREATE VIEW stored.chains AS
WITH by_digest AS (
    SELECT
        prefix,
        organization_id,
        account_id,
        region,
        trail,
        any_value(home_region) AS home_region,
        min(hour) AS first_held,
        max(hour) AS last_held,
        arg_min(is_first, starts_at) AS starts_here
    FROM stored.digest_places
    GROUP BY prefix, organization_id, account_id, region, trail
),

by_file AS (
    SELECT
        held.prefix,
        held.organization_id,
        held.account_id,
        held.region,
        date_trunc('hour', min(held.delivered_at)) AS first_held,
        date_trunc('hour', max(held.delivered_at)) AS last_held
    FROM stored.file_places AS held
    ANTI JOIN by_digest
        ON
            held.prefix IS NOT DISTINCT FROM by_digest.prefix
            AND held.organization_id IS NOT DISTINCT FROM by_digest.organization_id
            AND held.account_id = by_digest.account_id
            AND held.region = by_digest.region
    WHERE held.kind <> 'digest'
    GROUP BY held.prefix, held.organization_id, held.account_id, held.region
),

seen AS (
    SELECT
        account_id,
        region,
        date_trunc('hour', min(event_time)) AS first_held,
        date_trunc('hour', max(event_time)) AS last_held
    FROM history
    WHERE event_time IS NOT NULL
    GROUP BY account_id, region
),

by_event AS (
    SELECT seen.* FROM seen
    ANTI JOIN (SELECT DISTINCT account_id, region FROM stored.file_places) AS held
        ON
            seen.account_id IS NOT DISTINCT FROM held.account_id
            AND seen.region IS NOT DISTINCT FROM held.region
),

every_chain AS (
    SELECT *, 'digests' AS told_by FROM by_digest
    UNION ALL BY NAME
    SELECT *, 'files' AS told_by FROM by_file
    UNION ALL BY NAME
    SELECT *, 'events' AS told_by FROM by_event
),

marks AS (
    SELECT
        prefix,
        organization_id,
        max(
            greatest(
                delivered_at, if(starts_with(place, 's3://'), ingested_at, delivered_at)
            )
        ) AS fresh_until
    FROM stored.file_places
    GROUP BY prefix, organization_id
)

SELECT
    hash(one.prefix, one.organization_id, one.account_id, one.region, one.trail) AS id,
    one.*,
    coalesce(marks.fresh_until, one.last_held + INTERVAL 1 HOUR) AS fresh_until,
    CASE
        WHEN one.starts_here THEN one.first_held
        ELSE min(one.first_held) OVER of_root
    END AS first_hour,
    greatest(
        one.last_held,
        date_trunc(
            'hour',
            coalesce(
                marks.fresh_until,
                max(one.last_held) OVER of_root
            )
        )
    ) AS last_hour
FROM every_chain AS one
LEFT JOIN marks
    ON
        one.told_by <> 'events'
        AND one.prefix IS NOT DISTINCT FROM marks.prefix
        AND one.organization_id IS NOT DISTINCT FROM marks.organization_id
WINDOW of_root AS (
    PARTITION BY one.prefix, one.organization_id, one.told_by = 'events'
);

-- stored.listed_files: one row a log file that a digest lists, by its name, which never comes twice.
CREATE VIEW stored.listed_files AS
SELECT
    id,
    name,
    date_trunc(
        'hour', try_strptime(regexp_extract(name, '_(\d{8}T\d{4})Z_', 1), '%Y%m%dT%H%M')
    ) AS hour
FROM (SELECT id, unnest(names) AS name FROM stored.digest_places) AS listed;

-- stored.chain_files: one row a log file and a chain it is of: of one that no digest lists, every chain of its folder.
CREATE VIEW stored.chain_files AS
SELECT
    chain.id,
    held.file_sha256,
    held.is_held,
    held.is_pruned,
    date_trunc('hour', held.delivered_at) AS hour
FROM stored.file_places AS held
LEFT JOIN (SELECT DISTINCT name, id FROM stored.listed_files) AS listed ON held.name = listed.name
INNER JOIN stored.chains AS chain
    ON
        chain.id = coalesce(listed.id, chain.id)
        AND held.prefix IS NOT DISTINCT FROM chain.prefix
        AND held.organization_id IS NOT DISTINCT FROM chain.organization_id
        AND held.account_id = chain.account_id
        AND held.region = chain.region
WHERE held.kind <> 'digest' AND chain.told_by <> 'events';

-- stored.logging_off: one row an hour of a chain in which its trail was off, as a call says, or a digest that follows none.
CREATE VIEW stored.logging_off AS
WITH calls AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        api,
        regexp_extract(json_extract_string(request, '$.name'), '([^/]+)$', 1) AS trail
    FROM history
    WHERE
        service = 'cloudtrail'
        AND (api IN ('StopLogging', 'StartLogging', 'DeleteTrail')) IS TRUE
        AND outcome = 'success'
),

stops AS (
    SELECT
        stop.*,
        (
            SELECT min(again.event_time) FROM calls AS again
            WHERE
                again.api = 'StartLogging'
                AND again.event_time >= stop.event_time
                AND again.trail = stop.trail
                AND again.account_id = stop.account_id
                AND again.region = stop.region
        ) AS started_at
    FROM calls AS stop
    WHERE stop.api <> 'StartLogging'
),

by_call AS (
    SELECT
        chain.id,
        stops.event_time AS off_from,
        coalesce(
            least(
                stops.started_at,
                (
                    SELECT min(digest.starts_at) FROM stored.digest_places AS digest
                    WHERE
                        digest.id = chain.id
                        AND digest.is_first
                        AND digest.starts_at > stops.event_time
                )
            ),
            chain.fresh_until
        ) AS off_until,
        stops.api || ' by ' || coalesce(stops.actor, '-') AS reason
    FROM stops
    INNER JOIN stored.chains AS chain
        ON
            stops.trail = chain.trail
            AND stops.region = chain.home_region
            AND (chain.organization_id IS NOT NULL OR stops.account_id = chain.account_id)
),

following AS (
    SELECT
        *,
        max(ends_at) OVER (
            PARTITION BY id ORDER BY ends_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS off_from
    FROM stored.digest_places
),

by_digest AS (
    SELECT
        id,
        off_from,
        starts_at AS off_until,
        'the digest that follows names none before it: logging was off' AS reason
    FROM following
    WHERE is_first AND starts_at > off_from
),

spans AS (
    SELECT * FROM by_call WHERE off_until > off_from
    UNION ALL
    SELECT * FROM by_digest
)

SELECT
    id,
    unnest(
        generate_series(
            date_trunc('hour', off_from),
            date_trunc('hour', off_until - INTERVAL 1 MICROSECOND),
            INTERVAL 1 HOUR
        )
    ) AS hour,
    reason
FROM spans;

-- coverage_hours: one row an account, region, trail and hour in scope, from the first that is held to the newest file.
CREATE VIEW coverage_hours AS
WITH said AS (
    SELECT id, hour, 1 AS files, 0 AS unread, 0 AS lacking, 0 AS digests, 0 AS proven
    FROM stored.chain_files WHERE is_held
    UNION ALL
    SELECT id, hour, 0 AS files, 1 AS unread, 0 AS lacking, 0 AS digests, 0 AS proven
    FROM stored.chain_files WHERE NOT is_held
    UNION ALL
    SELECT
        listed.id,
        listed.hour,
        0 AS files,
        0 AS unread,
        1 AS lacking,
        0 AS digests,
        0 AS proven
    FROM stored.listed_files AS listed
    ANTI JOIN stored.file_places AS held ON listed.name = held.name
    UNION ALL
    SELECT
        id,
        hour,
        0 AS files,
        0 AS unread,
        0 AS lacking,
        1 AS digests,
        is_proven::INTEGER AS proven
    FROM stored.digest_places
),

told AS (
    SELECT
        id,
        hour,
        sum(files)::BIGINT AS files,
        sum(unread)::BIGINT AS unread,
        sum(lacking)::BIGINT AS lacking,
        sum(digests)::BIGINT AS digests,
        sum(proven)::BIGINT AS proven
    FROM said
    GROUP BY id, hour
),

off AS (
    SELECT id, hour, min(reason) AS reason FROM stored.logging_off GROUP BY id, hour
),

pruned AS (
    SELECT DISTINCT id, hour FROM stored.chain_files WHERE is_pruned
),

seen AS (
    SELECT
        account_id,
        region,
        date_trunc('hour', event_time) AS hour,
        count(*) AS events,
        list_sort(list(DISTINCT category)) AS categories
    FROM history
    GROUP BY account_id, region, date_trunc('hour', event_time)
),

grid AS (
    SELECT
        id,
        prefix,
        organization_id,
        account_id,
        region,
        trail,
        told_by,
        fresh_until,
        unnest(generate_series(first_hour, last_hour, INTERVAL 1 HOUR)) AS hour
    FROM stored.chains
),

cells AS (
    SELECT
        grid.*,
        coalesce(told.files, 0) AS files,
        coalesce(told.unread, 0) AS unread,
        coalesce(told.lacking, 0) AS lacking,
        coalesce(told.digests, 0) AS digests,
        coalesce(told.proven, 0) AS proven,
        coalesce(seen.events, 0) AS events,
        coalesce(seen.categories, []) AS categories,
        off.reason AS off_reason,
        pruned.id IS NOT NULL AS is_pruned,
        grid.hour + INTERVAL 75 MINUTE > grid.fresh_until AS is_open
    FROM grid
    LEFT JOIN told ON grid.id = told.id AND grid.hour = told.hour
    LEFT JOIN off ON grid.id = off.id AND grid.hour = off.hour
    LEFT JOIN pruned ON grid.id = pruned.id AND grid.hour = pruned.hour
    LEFT JOIN seen
        ON
            grid.account_id IS NOT DISTINCT FROM seen.account_id
            AND grid.region IS NOT DISTINCT FROM seen.region
            AND grid.hour = seen.hour
    WHERE
        (
            getvariable('scope_since') IS NULL
            OR grid.hour >= date_trunc('hour', getvariable('scope_since')::TIMESTAMP)
        )
        AND (
            getvariable('scope_until') IS NULL
            OR grid.hour < getvariable('scope_until')::TIMESTAMP
        )
        AND (
            coalesce(len(getvariable('scope_accounts')), 0) = 0
            OR list_contains(getvariable('scope_accounts'), grid.account_id)
        )
        AND (
            coalesce(len(getvariable('scope_regions')), 0) = 0
            OR list_contains(getvariable('scope_regions'), grid.region)
        )
),

judged AS (
    SELECT
        *,
        CASE
            WHEN off_reason IS NOT NULL THEN 'logging off'
            WHEN lacking > 0 THEN 'missing'
            WHEN unread > 0 THEN 'not collected'
            WHEN is_pruned THEN 'pruned'
            WHEN digests = 0 AND is_open AND told_by <> 'events' THEN 'not due'
            WHEN files > 0 OR (told_by = 'events' AND events > 0) THEN 'delivered'
            WHEN digests > 0 AND proven = digests THEN 'proven quiet'
            WHEN digests > 0 THEN 'quiet'
            WHEN told_by = 'digests' AND hour + INTERVAL 2 HOUR > fresh_until THEN 'not due'
            WHEN told_by = 'digests' AND hour >= first_told THEN 'missing'
            ELSE 'not collected'
        END AS status
    FROM (
        SELECT
            *, min(CASE WHEN digests > 0 THEN hour END) OVER (PARTITION BY id) AS first_told
        FROM cells
    ) AS dated
)

SELECT
    hour,
    account_id,
    region,
    trail,
    status,
    CASE status
        WHEN 'logging off' THEN off_reason
        WHEN 'missing' THEN if(
            lacking > 0,
            'a digest lists files that are not held',
            'neither a file nor the digest is held: deleted, or never collected'
        )
        WHEN 'quiet' THEN 'a digest lists no file; it is not verified: trailquery verify'
        WHEN 'proven quiet' THEN 'a signed digest lists no file'
        WHEN 'delivered' THEN if(
            told_by = 'digests' AND digests = 0, 'its digest is not held', NULL
        )
        WHEN 'not due' THEN 'the newest file of the trail is too old to tell'
        WHEN 'pruned' THEN 'files were read, and their events removed: trailquery prune'
        ELSE if(
            unread > 0, 'files are in the bucket that were not read', 'no file, and no digest'
        )
    END AS reason,
    files,
    lacking AS files_missing,
    digests,
    events,
    categories,
    prefix,
    organization_id
FROM judged;

COMMENT ON VIEW coverage_hours IS
'Each hour of each account, region and trail in scope: whether its log files are held.';
COMMENT ON COLUMN coverage_hours.hour IS 'Start of the hour in which files were delivered (UTC).';
COMMENT ON COLUMN coverage_hours.account_id IS 'The account.';
COMMENT ON COLUMN coverage_hours.region IS 'The region.';
COMMENT ON COLUMN coverage_hours.trail IS
'The trail, where digests name it.';
COMMENT ON COLUMN coverage_hours.status IS
'delivered, proven quiet (a signed digest lists no file), quiet (one that was not verified), missing, logging off, not collected, pruned, or not due: too new to tell.';
COMMENT ON COLUMN coverage_hours.reason IS 'Why it is so.';
COMMENT ON COLUMN coverage_hours.files IS 'Log files held that were delivered in it.';
COMMENT ON COLUMN coverage_hours.files_missing IS 'Log files that a digest lists and that are not held.';
COMMENT ON COLUMN coverage_hours.digests IS 'Digests held that tell of it.';
COMMENT ON COLUMN coverage_hours.events IS
'Events of the hour in this account and region, of whichever trail.';
COMMENT ON COLUMN coverage_hours.categories IS 'Their categories, sorted.';
COMMENT ON COLUMN coverage_hours.prefix IS 'What stands before AWSLogs in the paths of its files.';
COMMENT ON COLUMN coverage_hours.organization_id IS 'The organisation in the paths of its files.';
