-- /// trailquery
-- title = "Standing exports set up"
-- question = "Who had objects, tables, streams, logs, mailboxes or the inventory of machines copied on and on, or as a whole: by replication, batch job, delivery stream, integration, endpoint, flow or sync, and whereto?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1537", "T1567.002"]
-- example = "trailquery run exports_set_up"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "The call, service:api"
-- target = "What is copied, or what copies it"
-- names = "The ARNs, buckets and addresses that the request names, roles and keys left out, sorted: whence and whereto"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    list_filter(
        list_sort(list_distinct(list_concat(
            regexp_extract_all(request, '"((arn:|https://|sftp://)[^"]+)"', 1),
            json_extract_string(request, ['$.s3BucketName', '$.s3Destination.bucketName'])
        ))),
        lambda named: NOT regexp_matches(named, ':(iam|kms):')
    ) AS names,
    outcome, error_code, account_id, region, event_id
FROM events
WHERE
    (action IN (
        's3:PutBucketReplication', 's3:PutBucketInventoryConfiguration', 's3:CreateJob',
        'firehose:CreateDeliveryStream', 'firehose:UpdateDestination', 'dms:CreateEndpoint',
        'dms:ModifyEndpoint', 'rds:CreateIntegration', 'glue:CreateIntegration',
        'redshift:CreateIntegration', 'redshift:EnableSnapshotCopy',
        'dynamodb:EnableKinesisStreamingDestination',
        'logs:PutAccountPolicy', 'logs:PutDeliveryDestination', 'logs:CreateDelivery',
        'logs:PutSubscriptionFilter', 'kafka:CreateReplicator', 'pipes:CreatePipe',
        'appflow:CreateFlow', 'appflow:UpdateFlow', 'transfer:CreateConnector',
        'ssm:CreateResourceDataSync', 'workmail:StartMailboxExportJob'
    )) IS TRUE
    AND NOT is_aws_call
ORDER BY event_time, event_id
