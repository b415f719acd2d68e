-- log_stores: one row a bucket or key that a trail was given, in a call that worked or not, or that CloudTrail itself
-- writes to or with, whatever the scope.
CREATE VIEW log_stores AS
WITH named AS (
    SELECT DISTINCT coalesce('s3://' || bucket, target) AS store, NULL AS trail
    FROM history
    WHERE actor = 'cloudtrail.amazonaws.com'
    UNION ALL
    SELECT
        unnest(
            list_transform(
                resources,
                lambda one: CASE one.type
                    WHEN 'AWS::S3::Bucket' THEN 's3://' || one.name
                    WHEN 'AWS::KMS::Key' THEN 'key/' || one.name
                END
            )
        ) AS store,
        account_id || region || target AS trail
    FROM history
    WHERE (action IN ('cloudtrail:CreateTrail', 'cloudtrail:UpdateTrail')) IS TRUE
),

deletions AS (
    SELECT account_id || region || target AS trail, max(event_time) AS deleted_at
    FROM history
    WHERE action = 'cloudtrail:DeleteTrail' AND outcome = 'success'
    GROUP BY account_id, region, target
)

SELECT
    named.store,
    CASE
        WHEN bool_and(deletions.trail IS NOT NULL) FILTER (WHERE named.trail IS NOT NULL)
            THEN max(deletions.deleted_at)
    END AS released_at
FROM named LEFT JOIN deletions ON named.trail = deletions.trail
WHERE named.store IS NOT NULL
GROUP BY named.store;

COMMENT ON VIEW log_stores IS
'Buckets and keys that a trail was given, or CloudTrail writes to or with, whatever the scope.';
COMMENT ON COLUMN log_stores.store IS 'The bucket or key, as target has it: s3://bucket, key/id.';
COMMENT ON COLUMN log_stores.released_at IS
'When the last of the trails that were given it was deleted (UTC); NULL while one is left.';
