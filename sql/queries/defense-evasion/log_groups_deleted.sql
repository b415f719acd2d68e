-- /// trailquery
-- title = "Log groups deleted or shortened"
-- question = "Which log groups, streams, subscriptions or destinations were deleted, which deliveries sent elsewhere, and which retentions set?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1070", "T1562.008"]
-- example = "trailquery run log_groups_deleted"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The log group, or what else it was"
-- retention_days = "The retention that was set, in days"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target,
    try_cast(json_extract_string(request, '$.retentionInDays') AS BIGINT) AS retention_days,
    outcome, error_code, account_id, region, event_id
FROM events
WHERE
    (action IN (
        'firehose:DeleteDeliveryStream', 'firehose:UpdateDestination',
        'logs:CancelExportTask', 'logs:DeleteAccountPolicy', 'logs:DeleteDataProtectionPolicy',
        'logs:DeleteDelivery',
        'logs:DeleteDeliveryDestination', 'logs:DeleteDeliverySource', 'logs:DeleteDestination',
        'logs:DeleteLogGroup', 'logs:DeleteLogStream', 'logs:DeleteMetricFilter',
        'logs:DeleteSubscriptionFilter', 'logs:DisassociateKmsKey', 'logs:PutRetentionPolicy'
    )) IS TRUE
    AND NOT is_aws_call
ORDER BY event_time, event_id
