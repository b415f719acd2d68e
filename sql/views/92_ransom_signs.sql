-- ransom_signs: one row a call of others than AWS of which a ransom or a wipe in S3 is made, tried or done. Each is
-- ordinary alone: two of them by one caller in one bucket, or many, are not.
CREATE VIEW ransom_signs AS
WITH marked AS (
    SELECT
        *,
        CASE
            WHEN starts_with(api, 'PutBucketLifecycle')
                THEN expires_in_days(request, event_time, TRUE)
        END AS expires_in_days,
        CASE
            WHEN api IN ('DeleteObject', 'DeleteObjects') THEN 'objects deleted'
            WHEN  -- acceleration is suspended in the same words
                api = 'PutBucketVersioning' AND regexp_matches(request, '"Status" ?: ?"Suspended"')
                THEN 'versioning suspended'
            WHEN expires_in_days IS NOT NULL THEN 'expires within days'
            WHEN contains(request, '"x-amz-server-side-encryption-customer-algorithm"')
                THEN 'encrypted with a customer-provided key'
            WHEN NOT is_own_account(resources_of(resources, 'AWS::KMS::Key')[1].account_id)
                THEN 'encrypted with a key of another account'
            WHEN regexp_matches(
                object_key,
                '(?i)(ransom(note|[^a-z/])|files?.?(are.?)?(encrypted|deleted|stolen|locked)'
                || '|(how.?to|read.?me|help)[^/]*(decrypt|recover|restore)'
                || '|decrypt.?(instruct|your|files)|recover.?(your|my).?(files|data))'
                || '[^/]*\.(txt|html?|hta|md|rtf|note)$'
            ) THEN 'note left'
        END AS sign
    FROM events
    WHERE service = 's3' AND access = 'write' AND NOT is_aws_call
)

SELECT * FROM marked
WHERE sign IS NOT NULL;

COMMENT ON VIEW ransom_signs IS
'Calls of others than AWS in S3 of which a ransom or a wipe is made; ordinary alone.';
COMMENT ON COLUMN ransom_signs.expires_in_days IS
'Days after which a rule in force expires objects or old versions, the fewest of its rules, or '
'until the date that a rule names; else NULL.';
COMMENT ON COLUMN ransom_signs.sign IS
'objects deleted, versioning suspended, expires within days, encrypted with a customer-provided '
'key, encrypted with a key of another account, or note left: by the name of the object.';
