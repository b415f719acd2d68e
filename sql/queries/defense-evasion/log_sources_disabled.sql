-- /// trailquery
-- title = "Log sources cut off"
-- question = "Which other logs were cut: of flows, DNS, APIs, buckets, load balancers, firewalls, directories, clusters, databases, models, or Security Lake's?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1562.008"]
-- why = "The source writes nothing more, while it goes on serving. Harmless where it is taken down altogether: look for the deletion of the network, cluster or web ACL right after."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run log_sources_disabled"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "What logged, or where it logged to"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that was acted on"
-- region = "The region that recorded the call"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, action, target, outcome, error_code, account_id, region,
    event_id
FROM events
WHERE
    NOT is_aws_call
    AND (
        action IN (
            'apigateway:DeleteAccessLogSettings',
            'bedrock:DeleteModelInvocationLoggingConfiguration',
            'cloudfront:DeleteMonitoringSubscription', 'cloudfront:DeleteRealtimeLogConfig',
            'ds:DeleteLogSubscription', 'ec2:DeleteFlowLogs',
            'rds:StopActivityStream', 'redshift:DisableLogging', 'route53:DeleteQueryLoggingConfig',
            'route53resolver:DeleteResolverQueryLogConfig',
            'route53resolver:DisassociateResolverQueryLogConfig',
            'securitylake:DeleteAwsLogSource', 'securitylake:DeleteCustomLogSource',
            'securitylake:DeleteDataLake', 'securitylake:DeleteDataLakeOrganizationConfiguration',
            'waf:DeleteLoggingConfiguration', 'waf-regional:DeleteLoggingConfiguration',
            'wafv2:DeleteLoggingConfiguration'
        )
        OR (action = 's3:PutBucketLogging' AND NOT contains(coalesce(request, ''), 'TargetBucket'))
        OR (
            action = 'elasticloadbalancing:ModifyLoadBalancerAttributes'
            AND regexp_matches(
                request,
                '_logs\.s3\.enabled", ?"value": ?"false"|"accessLog": ?\{[^}]*"enabled": ?false'
            )
        )
        OR (
            action = 'network-firewall:UpdateLoggingConfiguration'
            AND regexp_matches(request, '"logDestinationConfigs": ?\[ ?\]')
        )
        OR (
            action = 'apigateway:UpdateStage'
            AND regexp_matches(
                request, '"remove"[^}]*/accessLogSettings|/accessLogSettings[^}]*"remove"'
            )
        )
        OR (
            action = 'eks:UpdateClusterConfig'
            AND regexp_matches(request, '"clusterLogging".*"enabled": ?false')
        )
        OR (
            action IN ('rds:ModifyDBCluster', 'rds:ModifyDBInstance')
            AND contains(request, 'disableLogTypes')
        )
        OR regexp_matches(request, '"textDataDeliveryEnabled": ?false')  -- only Bedrock has it
    )
ORDER BY event_time, event_id
