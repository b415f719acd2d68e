-- What guards an account, and the calls that weaken it.

-- impairing_calls: one row a call that weakens a defense, some only where the request says so: it matches one pattern,
-- or does not match another. What has two ways to weaken has two rows, of which no request fits both.
CREATE VIEW impairing_calls AS
WITH always (defense, service, apis) AS (
    VALUES
    ('trail', 'cloudtrail', [
        'DeleteChannel', 'DeleteEventDataStore', 'DeleteTrail',
        'DeregisterOrganizationDelegatedAdmin', 'StopEventDataStoreIngestion', 'StopLogging',
        'UpdateEventDataStore'
    ]),

    ('log source', 'apigateway', ['DeleteAccessLogSettings']),
    ('log source', 'bedrock', ['DeleteModelInvocationLoggingConfiguration']),
    ('log source', 'cloudfront', ['DeleteMonitoringSubscription', 'DeleteRealtimeLogConfig']),
    ('log source', 'ds', ['DeleteLogSubscription']),
    ('log source', 'ec2', ['DeleteFlowLogs']),
    ('log source', 'rds', ['StopActivityStream']),
    ('log source', 'redshift', ['DisableLogging']),
    ('log source', 'route53', ['DeleteQueryLoggingConfig']),
    ('log source', 'route53resolver', [
        'DeleteResolverQueryLogConfig', 'DisassociateResolverQueryLogConfig'
    ]),
    ('log source', 'securitylake', [
        'DeleteAwsLogSource', 'DeleteCustomLogSource', 'DeleteDataLake',
        'DeleteDataLakeOrganizationConfiguration', 'DeleteSubscriber',
        'DeregisterDataLakeDelegatedAdministrator'
    ]),
    ('log source', 'vpc-lattice', ['DeleteAccessLogSubscription']),
    ('log source', 'waf', ['DeleteLoggingConfiguration']),
    ('log source', 'waf-regional', ['DeleteLoggingConfiguration']),
    ('log source', 'wafv2', ['DeleteLoggingConfiguration']),

    ('detector', 'access-analyzer', ['DeleteAnalyzer']),
    ('detector', 'config', [
        'DeleteConfigurationAggregator', 'DeleteConfigurationRecorder', 'DeleteDeliveryChannel',
        'DeleteServiceLinkedConfigurationRecorder', 'StopConfigurationRecorder'
    ]),
    ('detector', 'detective', [
        'DeleteGraph', 'DeleteMembers', 'DisableOrganizationAdminAccount', 'DisassociateMembership'
    ]),
    ('detector', 'guardduty', [
        'DeleteDetector', 'DeleteMalwareProtectionPlan', 'DeleteMembers',
        'DeletePublishingDestination', 'DisableOrganizationAdminAccount',
        'DisassociateFromAdministratorAccount', 'DisassociateFromMasterAccount',
        'DisassociateMembers', 'StopMonitoringMembers'
    ]),
    ('detector', 'inspector2', [
        'Disable', 'DisableDelegatedAdminAccount', 'DisassociateMember'
    ]),
    ('detector', 'macie2', [
        'DeleteMember', 'DisableMacie', 'DisableOrganizationAdminAccount',
        'DisassociateFromAdministratorAccount', 'DisassociateFromMasterAccount',
        'DisassociateMember'
    ]),
    ('detector', 'security-ir', ['CancelMembership']),
    ('detector', 'securityhub', [
        'BatchDisableStandards', 'DeleteMembers', 'DisableOrganizationAdminAccount',
        'DisableSecurityHub', 'DisableSecurityHubV2', 'DisassociateFromAdministratorAccount',
        'DisassociateFromMasterAccount', 'DisassociateMembers'
    ]),

    ('findings', 'access-analyzer', ['ApplyArchiveRule', 'CreateArchiveRule']),
    ('findings', 'auditmanager', ['DeregisterAccount']),
    ('findings', 'backup', ['DeleteFramework', 'DeleteReportPlan']),
    ('findings', 'config', [
        'DeleteConfigRule', 'DeleteConformancePack', 'DeleteOrganizationConfigRule',
        'DeleteOrganizationConformancePack', 'DeleteRemediationConfiguration',
        'DisassociateResourceTypes', 'PutDeliveryChannel', 'PutRetentionConfiguration'
    ]),
    ('findings', 'guardduty', [
        'ArchiveFindings', 'DeleteThreatEntitySet', 'DeleteThreatIntelSet',
        'UpdateMalwareProtectionPlan', 'UpdateMalwareScanSettings',
        'UpdateOrganizationConfiguration', 'UpdatePublishingDestination'
    ]),
    ('findings', 'macie2', [
        'CreateAllowList', 'UpdateAllowList', 'UpdateClassificationJob',
        'UpdateClassificationScope'
    ]),
    ('findings', 'securityhub', [
        'BatchUpdateAutomationRules', 'BatchUpdateFindingsV2', 'CreateAutomationRule',
        'CreateAutomationRuleV2', 'DeleteActionTarget', 'DeleteFindingAggregator',
        'DeleteConfigurationPolicy', 'DeleteInsight', 'DisableImportFindingsForProduct',
        'StartConfigurationPolicyDisassociation', 'UpdateAutomationRuleV2', 'UpdateFindings',
        'UpdateInsight', 'UpdateSecurityControl',
        'UpdateSecurityHubConfiguration'
    ]),

    ('alarm', 'backup', ['DeleteBackupVaultNotifications']),
    ('alarm', 'budgets', [
        'DeleteBudget', 'DeleteBudgetAction', 'DeleteNotification', 'DeleteSubscriber'
    ]),
    ('alarm', 'ce', ['DeleteAnomalyMonitor', 'DeleteAnomalySubscription']),
    ('alarm', 'dms', ['DeleteEventSubscription']),
    ('alarm', 'events', [
        'DeleteArchive', 'DeleteEventBus', 'DeleteRule', 'DisableRule', 'RemoveTargets'
    ]),
    ('alarm', 'monitoring', [
        'DeleteAlarms', 'DeleteAnomalyDetector', 'DeleteDashboards', 'DeleteMetricStream',
        'DisableAlarmActions', 'PutAlarmMuteRule', 'StopMetricStreams'
    ]),
    ('alarm', 'notifications', ['DeleteEventRule', 'DeleteNotificationConfiguration']),
    ('alarm', 'rds', ['DeleteEventSubscription']),
    ('alarm', 'redshift', ['DeleteEventSubscription']),
    ('alarm', 'sns', ['DeleteTopic', 'Unsubscribe']),
    ('alarm', 'ssm-incidents', ['DeleteReplicationSet', 'DeleteResponsePlan']),

    ('edge', 'cloudfront', [
        'DisassociateDistributionTenantWebACL', 'DisassociateDistributionWebACL'
    ]),
    ('edge', 'fms', ['DeletePolicy', 'DisassociateAdminAccount']),
    ('edge', 'network-firewall', [
        'DeleteFirewall', 'DeleteFirewallPolicy', 'DeleteRuleGroup', 'DeleteVpcEndpointAssociation',
        'DisassociateAvailabilityZones', 'DisassociateSubnets'
    ]),
    ('edge', 'route53resolver', ['DisassociateFirewallRuleGroup']),
    ('edge', 'shield', [
        'DeleteProtection', 'DeleteProtectionGroup', 'DisableApplicationLayerAutomaticResponse',
        'DisableProactiveEngagement'
    ]),
    ('edge', 'waf', ['DeleteWebACL']),
    ('edge', 'waf-regional', ['DeleteWebACL', 'DisassociateWebACL']),
    ('edge', 'wafv2', ['DeleteWebACL', 'DisassociateWebACL']),

    ('guardrail', 'bedrock', ['DeleteEnforcedGuardrailConfiguration', 'DeleteGuardrail']),

    ('encryption', 'ec2', ['DisableEbsEncryptionByDefault', 'ResetEbsDefaultKmsKeyId']),
    ('encryption', 'firehose', ['StopDeliveryStreamEncryption']),
    ('encryption', 'kinesis', ['StopStreamEncryption']),
    ('encryption', 'kms', ['DisableKeyRotation', 'UpdateAlias']),
    ('encryption', 'logs', ['DisassociateKmsKey']),
    ('encryption', 's3', ['DeleteBucketEncryption']),
    ('encryption', 'secretsmanager', ['CancelRotateSecret'])
),

by_request (defense, actions, only_if, unless) AS (  -- actions: one, or several by spaces
    VALUES
    ('trail', 'cloudtrail:PutInsightSelectors', '"insightSelectors": ?\[ ?\]', NULL),
    (
        'trail', 'cloudtrail:PutEventSelectors',
        '"(Read|Write)Only"|"includeManagementEvents": ?false'
        || '|"excludeManagementEventSources": ?\["'
        -- of management events only some; exports sort the names in an object
        || '|"equals": ?\["Management"\](, ?"field": ?"eventCategory")?\}, ?\{'
        || '|\}, ?\{("field": ?"eventCategory", ?)?"equals": ?\["Management"',
        NULL
    ),
    ('trail', 'cloudtrail:PutEventSelectors', NULL, 'Management|"(Read|Write)Only"'),
    (  -- of what only strengthens a trail: more regions or services, digests
        'trail', 'cloudtrail:UpdateTrail', NULL,
        '^\{("(name|(is|enable|include)\w+)": ?("[^"]+"|true)[,}] ?)+$'
    ),

    (
        'log source', 'amazonmq:UpdateBroker',
        '"logs": ?\{("\w+": ?false[,}] ?)+', '"logs": ?\{[^}]*true'
    ),
    (
        'log source', 'apigateway:UpdateStage',
        '"remove"[^}]*/accessLogSettings|/accessLogSettings[^}]*"remove"'
        || '|"OFF"[^}]*/loglevel|/loglevel[^}]*"OFF"',
        NULL
    ),
    (
        'log source', 'bedrock:PutModelInvocationLoggingConfiguration',
        '"textDataDeliveryEnabled": ?false', NULL
    ),
    (
        'log source', 'ec2:ModifyClientVpnEndpoint',
        '"ConnectionLogOptions": ?\{[^}]*"Enabled": ?false', NULL
    ),
    ('log source', 'ec2:ModifyVpnTunnelOptions', '"LogEnabled": ?false', NULL),
    (
        'log source', 'ecs:UpdateCluster',
        '"executeCommandConfiguration": ?\{[^}]*"logging": ?"NONE"', NULL
    ),
    ('log source', 'eks:UpdateClusterConfig', '"clusterLogging".*"enabled": ?false', NULL),
    (
        'log source', 'elasticloadbalancing:ModifyLoadBalancerAttributes',
        '_logs\.s3\.enabled", ?"value": ?"false"|"accessLog": ?\{[^}]*"enabled": ?false', NULL
    ),
    (
        'log source', 'es:UpdateDomainConfig es:UpdateElasticsearchDomainConfig',
        '"AUDIT_LOGS": ?\{[^}]*"enabled": ?false', NULL
    ),
    ('log source', 'fsx:UpdateFileSystem', 'AuditLogLevel": ?"DISABLED"', NULL),
    (
        'log source',
        'globalaccelerator:UpdateAcceleratorAttributes '
        || 'globalaccelerator:UpdateCustomRoutingAcceleratorAttributes',
        '"flowLogsEnabled": ?false', NULL
    ),
    ('log source', 'kafka:UpdateMonitoring', '"brokerLogs".*"enabled": ?false', '"enabled": ?true'),
    (
        'log source', 'network-firewall:UpdateLoggingConfiguration',
        '"logDestinationConfigs": ?\[ ?\]', NULL
    ),
    ('log source', 'rds:ModifyDBCluster rds:ModifyDBInstance', 'disableLogTypes', NULL),
    (
        'log source',
        'rds:ModifyDBClusterParameterGroup rds:ModifyDBParameterGroup '
        || 'redshift:ModifyClusterParameterGroup',
        '(?i)"parameterName": ?"(pgaudit\.log|server_audit_logging|(neptune_enable_)?audit_logs?'
        || '|audit_trail|enable_user_activity_logging)"'
        || '[^}]*"parameterValue": ?"(0|none|off|false|disabled)"',
        NULL
    ),
    ('log source', 'redshift-serverless:UpdateNamespace', '"logExports": ?\[ ?\]', NULL),
    (
        'log source', 'rds:ModifyOptionGroup',
        '"optionsToRemove": ?\[[^\]]*"(MARIADB_AUDIT_PLUGIN|SQLSERVER_AUDIT)"', NULL
    ),
    ('log source', 's3:PutBucketLogging', NULL, 'TargetBucket'),
    (
        'log source', 'transfer:UpdateServer',
        '"loggingRole": ?""', '"structuredLogDestinations": ?\["'
    ),

    (
        'detector', 'guardduty:UpdateDetector guardduty:UpdateMemberDetectors',
        '"(enable|autoEnable)": ?false|"DISABLED"', NULL
    ),
    (
        'detector',
        'macie2:BatchUpdateAutomatedDiscoveryAccounts macie2:UpdateAutomatedDiscoveryConfiguration',
        '"DISABLED"', NULL
    ),
    ('detector', 'macie2:UpdateMacieSession macie2:UpdateMemberSession', '"PAUSED"', NULL),

    ('findings', 'access-analyzer:UpdateFindings', NULL, '"status": ?"ACTIVE"'),
    (  -- a filter may be but a search that is kept
        'findings',
        'guardduty:CreateFilter guardduty:UpdateFilter inspector2:CreateFilter '
        || 'inspector2:UpdateFilter macie2:CreateFindingsFilter macie2:UpdateFindingsFilter',
        NULL, '"action": ?"NO(OP|NE)"'
    ),
    ('findings', 'config:PutConfigurationRecorder', NULL, '"allSupported": ?true'),
    (  -- a list that is only switched on
        'findings', 'guardduty:UpdateThreatEntitySet guardduty:UpdateThreatIntelSet', NULL,
        '^\{("(detectorId|threat\w+SetId|name|activate)": ?("[^"]*"|true)[,}] ?)+$'
    ),
    (
        'findings', 'securityhub:BatchUpdateStandardsControlAssociations', NULL,
        '(?i)^[^[]*\[(\{[^}]*"associationStatus": ?"ENABLED"[^}]*\}[,\]] ?)+\}$'
    ),
    (
        'findings', 'securityhub:UpdateStandardsControl',
        NULL, '(?i)"controlStatus": ?"ENABLED"'
    ),
    (
        'findings', 'securityhub:BatchUpdateFindings',
        NULL, '(?i)"workflow": ?\{"status": ?"(NEW|NOTIFIED)"'
    ),
    ('findings', 'inspector2:UpdateOrganizationConfiguration', '"(ec2|ecr)": ?false', NULL),
    (
        'findings',
        'detective:UpdateOrganizationConfiguration macie2:UpdateOrganizationConfiguration '
        || 'securityhub:UpdateOrganizationConfiguration',
        '(?i)"autoEnable": ?false', '"CENTRAL"'  -- whose policy says it instead
    ),
    ('findings', 'securityhub:UpdateConfigurationPolicy', '(?i)"serviceEnabled": ?false', NULL),

    -- repositories are made with scanning on; what is scanned all the time is not muted
    ('findings', 'ecr:PutImageScanningConfiguration', NULL, '"scanOnPush": ?true'),
    ('findings', 'ecr:PutRegistryScanningConfiguration', NULL, '"CONTINUOUS_SCAN"'),

    (
        'alarm',
        'dms:ModifyEventSubscription rds:ModifyEventSubscription redshift:ModifyEventSubscription',
        '"enabled": ?false', NULL
    ),
    ('alarm', 'events:PutRule', '"state": ?"DISABLED"', NULL),
    (
        'alarm', 'monitoring:PutCompositeAlarm monitoring:PutMetricAlarm',
        '"actionsEnabled": ?false', NULL
    ),
    (  -- of what bounces, and who complains
        'alarm',
        'ses:PutEmailIdentityFeedbackAttributes ses:SetIdentityFeedbackForwardingEnabled',
        'orwardingEnabled": ?false', NULL
    ),
    ('alarm', 'monitoring:SetAlarmState', NULL, '"stateValue": ?"ALARM"'),
    -- a function that may not run: it may be what answers an alarm
    ('alarm', 'lambda:PutFunctionConcurrency', '"reservedConcurrentExecutions": ?0[,}]', NULL),

    (  -- a web ACL is always sent as a whole
        'edge', 'wafv2:UpdateWebACL', '"defaultAction": ?\{ ?"allow"', '"rules": ?\[ ?\{'
    ),

    (
        'guardrail', 'bedrock:UpdateGuardrail',
        '"(inputStrength|(input|output)?[aA]ction)": ?"NONE"'
        || '|"(input|output)Enabled": ?false|"filtersConfig": ?\[ ?\]',
        NULL
    ),
    (  -- with the id of one that is enforced already
        'guardrail', 'bedrock:PutEnforcedGuardrailConfiguration',
        '"configId".*("excludedModels": ?\[ ?"|: ?"SELECTIVE"|"inputTags": ?"HONOR")'
        || '|("excludedModels": ?\[ ?"|: ?"SELECTIVE"|"inputTags": ?"HONOR").*"configId"',
        NULL
    ),

    ('encryption', 'dynamodb:UpdateTable', '"sSESpecification": ?\{[^}]*"enabled": ?false', NULL),
    (
        'encryption', 'elasticache:ModifyReplicationGroup',
        '"transitEncryptionEnabled": ?false', NULL
    ),
    (
        'encryption', 'glue:PutDataCatalogEncryptionSettings',
        '"catalogEncryptionMode": ?"DISABLED"', NULL
    ),
    (  -- what clients may do without TLS
        'encryption',
        'rds:ModifyDBClusterParameterGroup rds:ModifyDBParameterGroup '
        || 'redshift:ModifyClusterParameterGroup',
        '(?i)"parameterName": ?"(rds\.force_ssl|require_s(sl|ecure_transport)|tls'
        || '|neptune_enforce_ssl)"[^}]*"parameterValue": ?"(0|off|false|disabled)"',
        NULL
    ),
    ('encryption', 'rds:ModifyDBProxy', '"requireTLS": ?false', NULL),
    ('encryption', 'redshift:ModifyCluster', '"encrypted": ?false', NULL),
    (
        'encryption', 'sns:SetTopicAttributes',
        '"attributeName": ?"KmsMasterKeyId"', '"attributeValue": ?"[^"]'
    ),
    (
        'encryption', 'sqs:SetQueueAttributes',
        '"SqsManagedSseEnabled": ?"false"|"KmsMasterKeyId": ?""', NULL
    ),
    ('encryption', 'xray:PutEncryptionConfig', '"[tT]ype": ?"NONE"', NULL)
)

SELECT defense, service || ':' || unnest(apis) AS action, NULL AS only_if, NULL AS unless
FROM always
UNION ALL
SELECT defense, unnest(string_split(actions, ' ')) AS action, only_if, unless
FROM by_request;

-- impaired_defenses: one row an event in scope that weakened a defense, or was to. A request that is not recorded, as
-- that of many a refused call, counts unless there is a pattern that it must match.
CREATE VIEW impaired_defenses AS
SELECT events.*, calls.defense
FROM events INNER JOIN impairing_calls AS calls ON events.action = calls.action
WHERE
    coalesce(regexp_matches(events.request, calls.only_if), calls.only_if IS NULL)
    AND NOT coalesce(regexp_matches(events.request, calls.unless), FALSE);

COMMENT ON VIEW impairing_calls IS
'Calls that weaken what guards an account, and what their requests must say to do so.';
COMMENT ON COLUMN impairing_calls.defense IS
'trail; log source: of any other log; detector: of threats or bad settings; findings: what '
'detectors look at and tell; alarm: what tells people, or answers; edge: web ACLs, Shield and '
'firewalls; guardrail: of AI models; encryption: of what is stored, or on its way, '
'and the rotation of keys and secrets.';
COMMENT ON COLUMN impairing_calls.action IS 'The call, service:api.';
COMMENT ON COLUMN impairing_calls.only_if IS
'The request must match this pattern; NULL: it may be any.';
COMMENT ON COLUMN impairing_calls.unless IS 'The request must not match this pattern.';
COMMENT ON VIEW impaired_defenses IS
'Events that weakened what guards an account, or were to, whoever called.';
COMMENT ON COLUMN impaired_defenses.defense IS
'trail, log source, detector, findings, alarm, edge, guardrail or encryption; see '
'impairing_calls.';
