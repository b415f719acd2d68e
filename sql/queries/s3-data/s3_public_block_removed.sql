-- /// trailquery
-- title = "Public access block of buckets taken away"
-- question = "Who took the block of public access off a bucket or made an access point without it, made a website, or let ACLs count again?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1562.001", "T1530"]
-- example = "trailquery run s3_public_block_removed"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "The bucket or access point"
-- outcome = "success, denied or error"
-- error_code = "Why it did not work"
-- account_id = "The account of the bucket"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, event_id
FROM events
WHERE
    service = 's3'
    AND (
        api IN (
            'DeleteBucketOwnershipControls', 'DeleteBucketPublicAccessBlock', 'PutBucketWebsite'
        )
        OR (
            api IN (
                'PutBucketPublicAccessBlock', 'CreateAccessPoint', 'CreateMultiRegionAccessPoint'
            )
            AND regexp_matches(
                request,
                '"(Block|Ignore|Restrict)Public(Acls|Policy|Buckets)" ?: ?"?false'
            )
        )
        OR (
            api = 'PutBucketOwnershipControls'
            AND regexp_matches(request, 'BucketOwnerPreferred|ObjectWriter')
        )
    )
ORDER BY event_time, event_id
