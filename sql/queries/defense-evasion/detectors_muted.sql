-- /// trailquery
-- title = "Detection muted"
-- question = "Which findings were suppressed, and which rules, controls, lists of threats or scans of images disabled, without switching a detector off?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1562.001"]
-- example = "trailquery run detectors_muted"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ip = "The caller's address; NULL when AWS called"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- action = "service:api"
-- target = "The filter, list, rule, standard, repository or finding"
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
    action IN (
        'access-analyzer:ApplyArchiveRule', 'access-analyzer:CreateArchiveRule',
        'access-analyzer:UpdateFindings',
        'auditmanager:DeregisterAccount',
        'backup:DeleteFramework', 'backup:DeleteReportPlan',
        'config:DeleteConfigRule', 'config:DeleteConformancePack',
        'config:DeleteOrganizationConfigRule', 'config:DeleteOrganizationConformancePack',
        'config:DeleteRemediationConfiguration', 'config:DisassociateResourceTypes',
        'config:PutConfigurationRecorder', 'config:PutDeliveryChannel',
        'config:PutRetentionConfiguration',
        'ecr:PutImageScanningConfiguration', 'ecr:PutRegistryScanningConfiguration',
        'guardduty:ArchiveFindings', 'guardduty:CreateFilter', 'guardduty:DeleteThreatEntitySet',
        'guardduty:DeleteThreatIntelSet',
        'guardduty:UpdateFilter', 'guardduty:UpdateMalwareProtectionPlan',
        'guardduty:UpdateMalwareScanSettings',
        'guardduty:UpdateOrganizationConfiguration', 'guardduty:UpdatePublishingDestination',
        'guardduty:UpdateThreatEntitySet', 'guardduty:UpdateThreatIntelSet',
        'inspector2:CreateFilter', 'inspector2:UpdateFilter',
        'macie2:CreateAllowList', 'macie2:CreateFindingsFilter', 'macie2:UpdateAllowList',
        'macie2:UpdateClassificationJob', 'macie2:UpdateFindingsFilter',
        'securityhub:BatchUpdateAutomationRules', 'securityhub:BatchUpdateFindings',
        'securityhub:BatchUpdateFindingsV2',
        'securityhub:BatchUpdateStandardsControlAssociations',
        'securityhub:CreateAutomationRule', 'securityhub:CreateAutomationRuleV2',
        'securityhub:DeleteActionTarget', 'securityhub:DeleteFindingAggregator',
        'securityhub:DeleteInsight',
        'securityhub:DisableImportFindingsForProduct', 'securityhub:UpdateAutomationRuleV2',
        'securityhub:UpdateFindings', 'securityhub:UpdateInsight',
        'securityhub:UpdateSecurityControl', 'securityhub:UpdateSecurityHubConfiguration',
        'securityhub:UpdateStandardsControl'
    )
    AND NOT is_aws_call
    -- repositories are made with scanning on; what is scanned all the time is not muted
    AND NOT (
        service = 'ecr'
        AND regexp_matches(
            coalesce(request, ''), '"scanOnPush" ?: ?true|"scanFrequency" ?: ?"CONTINUOUS_SCAN"'
        )
    )
ORDER BY event_time, event_id
