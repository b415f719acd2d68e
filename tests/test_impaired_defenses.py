"""Calls that weaken what guards an account: those that always do, and those whose request must say so."""

from collections.abc import Callable
from datetime import datetime
from itertools import cycle
from typing import Any

from conftest import record

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

SELECTED = {"readWriteType": "All", "includeManagementEvents": True, "excludeManagementEventSources": []}
MANAGEMENT = {"field": "eventCategory", "equals": ["Management"]}
NOT_IAM = {"field": "eventSource", "notEquals": ["iam.amazonaws.com"]}
OBJECTS = {"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}
BALANCER = {"key": "access_logs.s3.enabled", "value": "false"}
DESTINATION = {"logType": "ALERT", "logDestinationType": "S3"}
EKS_LOGS = {"types": ["audit"], "enabled": False}
CONTINUOUS = {"scanFrequency": "CONTINUOUS_SCAN"}
KEY_OF_TOPIC = {"attributeName": "KmsMasterKeyId"}


def selected(**changes: Any) -> dict[str, Any]:
    return {"eventSelectors": [SELECTED | changes]}


def advanced(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"advancedEventSelectors": [{"name": "all", "fieldSelectors": list(fields)}]}


def elb(attribute: dict[str, str]) -> dict[str, Any]:
    return {"attributes": [attribute]}


def classic_elb(enabled: bool) -> dict[str, Any]:
    return {"loadBalancerAttributes": {"accessLog": {"s3BucketName": "logs", "enabled": enabled}}}


def patch(op: str, path: str, **value: str) -> dict[str, Any]:
    return {"patchOperations": [{"op": op, "path": path, **value}]}


def tunnel(log_enabled: bool) -> dict[str, Any]:
    options = {"LogOptions": {"CloudWatchLogOptions": {"LogEnabled": log_enabled}}, "TunnelLifecycleControl": False}
    return {"ModifyVpnTunnelOptionsRequest": {"VpnConnectionId": "vpn-0abc1234", "TunnelOptions": options}}


def broker_logs(*enabled: bool) -> dict[str, Any]:
    places = zip(("cloudWatchLogs", "firehose", "s3"), enabled, strict=False)
    return {"loggingInfo": {"brokerLogs": {place: {"enabled": is_on} for place, is_on in places}}}


def parameter(name: str, value: str) -> dict[str, Any]:
    return {"parameters": [{"parameterName": name, "parameterValue": value, "applyMethod": "immediate"}]}


def controls(*statuses: str) -> dict[str, Any]:
    told = [{"StandardsArn": "cis", "SecurityControlId": "IAM.4", "AssociationStatus": status} for status in statuses]
    return {"StandardsControlAssociationUpdates": told}


def feature(status: str) -> dict[str, Any]:
    return {"features": [{"name": "S3_DATA_EVENTS", "status": status}]}


# Of each call whose request decides: requests that weaken the defense, and near ones that do not. None: not recorded.
BY_REQUEST: dict[tuple[str, str], tuple[list[Any], list[Any]]] = {
    ("trail", "cloudtrail:PutInsightSelectors"): (
        [{"insightSelectors": []}],
        [{"insightSelectors": [{"insightType": "ApiCallRateInsight"}]}, None],
    ),
    ("trail", "cloudtrail:PutEventSelectors"): (
        [
            selected(readWriteType="WriteOnly"),
            {"eventSelectors": [{"readWriteType": "ReadOnly"}]},
            selected(includeManagementEvents=False),
            selected(excludeManagementEventSources=["kms.amazonaws.com"]),
            advanced(MANAGEMENT, NOT_IAM),
            advanced(NOT_IAM, MANAGEMENT),
            {"advancedEventSelectors": [OBJECTS]},
            None,
        ],
        [selected(), advanced(MANAGEMENT), {"advancedEventSelectors": [*advanced(MANAGEMENT).values(), OBJECTS]}],
    ),
    ("trail", "cloudtrail:UpdateTrail"): (
        [
            {"name": "main", "s3BucketName": "elsewhere"},
            {"name": "main", "isMultiRegionTrail": False},
            {"name": "main", "isMultiRegionTrail": True, "kmsKeyId": "alias/other"},
            None,
        ],
        [{"name": "main", "isMultiRegionTrail": True, "enableLogFileValidation": True}],
    ),
    ("log source", "amazonmq:UpdateBroker"): (
        [{"logs": {"audit": False, "general": False}}, {"logs": {"general": False}}],
        [{"logs": {"audit": False, "general": True}}, {"autoMinorVersionUpgrade": False}, None],
    ),
    ("log source", "apigateway:UpdateStage"): (
        [patch("remove", "/accessLogSettings"), patch("replace", "/*/*/logging/loglevel", value="OFF")],
        [
            patch("replace", "/accessLogSettings/destinationArn"),
            patch("replace", "/*/*/logging/loglevel", value="ERROR"),
            patch("remove", "/variables/a"),
            None,
        ],
    ),
    ("log source", "bedrock:PutModelInvocationLoggingConfiguration"): (
        [{"loggingConfig": {"textDataDeliveryEnabled": False}}],
        [{"loggingConfig": {"textDataDeliveryEnabled": True, "imageDataDeliveryEnabled": False}}, None],
    ),
    ("log source", "ec2:ModifyClientVpnEndpoint"): (
        [{"ModifyClientVpnEndpointRequest": {"ConnectionLogOptions": {"Enabled": False}}}],
        [{"ModifyClientVpnEndpointRequest": {"ConnectionLogOptions": {"Enabled": True}, "SplitTunnel": False}}, None],
    ),
    ("log source", "ec2:ModifyVpnTunnelOptions"): ([tunnel(log_enabled=False)], [tunnel(log_enabled=True), None]),
    ("log source", "ecs:UpdateCluster"): (
        [{"configuration": {"executeCommandConfiguration": {"logging": "NONE"}}}],
        [{"configuration": {"executeCommandConfiguration": {"logging": "OVERRIDE"}}}, None],
    ),
    ("log source", "eks:UpdateClusterConfig"): (
        [{"logging": {"clusterLogging": [EKS_LOGS]}}],
        [{"logging": {"clusterLogging": [EKS_LOGS | {"enabled": True}]}}, {"enabled": False}, None],
    ),
    ("log source", "elasticloadbalancing:ModifyLoadBalancerAttributes"): (
        [elb(BALANCER), elb(BALANCER | {"key": "connection_logs.s3.enabled"}), classic_elb(enabled=False)],
        [elb(BALANCER | {"value": "true"}), elb(BALANCER | {"key": "x"}), classic_elb(enabled=True), None],
    ),
    **dict.fromkeys(
        [("log source", "es:UpdateDomainConfig"), ("log source", "es:UpdateElasticsearchDomainConfig")],
        (
            [{"logPublishingOptions": {"AUDIT_LOGS": {"enabled": False}}}],
            [{"logPublishingOptions": {"AUDIT_LOGS": {"enabled": True}, "SEARCH_SLOW_LOGS": {"enabled": False}}}, None],
        ),
    ),
    ("log source", "fsx:UpdateFileSystem"): (
        [{"windowsConfiguration": {"auditLogConfiguration": {"fileAccessAuditLogLevel": "DISABLED"}}}],
        [{"windowsConfiguration": {"auditLogConfiguration": {"fileAccessAuditLogLevel": "FAILURE_ONLY"}}}, None],
    ),
    **dict.fromkeys(
        [
            ("log source", "globalaccelerator:UpdateAcceleratorAttributes"),
            ("log source", "globalaccelerator:UpdateCustomRoutingAcceleratorAttributes"),
        ],
        ([{"flowLogsEnabled": False}], [{"flowLogsEnabled": True}, None]),
    ),
    ("log source", "kafka:UpdateMonitoring"): (
        [broker_logs(False), broker_logs(False, False, False)],
        [broker_logs(False, False, True), {"openMonitoring": {"enabled": False}}, None],
    ),
    ("log source", "network-firewall:UpdateLoggingConfiguration"): (
        [{"loggingConfiguration": {"logDestinationConfigs": []}}],
        [{"loggingConfiguration": {"logDestinationConfigs": [DESTINATION]}}, None],
    ),
    ("log source", "rds:ModifyDBCluster"): (
        [{"cloudwatchLogsExportConfiguration": {"disableLogTypes": ["audit"]}}],
        [{"cloudwatchLogsExportConfiguration": {"enableLogTypes": ["audit"]}}, None],
    ),
    ("log source", "rds:ModifyDBInstance"): (
        [{"cloudwatchLogsExportConfiguration": {"disableLogTypes": ["audit"]}}],
        [{"dBInstanceClass": "db.t3.large"}, None],
    ),
    **dict.fromkeys(
        [
            ("log source", "rds:ModifyDBClusterParameterGroup"),
            ("log source", "rds:ModifyDBParameterGroup"),
            ("log source", "redshift:ModifyClusterParameterGroup"),
        ],
        (
            [
                parameter("pgaudit.log", "none"),
                parameter("server_audit_logging", "0"),
                parameter("audit_logs", "disabled"),
                parameter("neptune_enable_audit_log", "0"),
                parameter("enable_user_activity_logging", "false"),
            ],
            [parameter("pgaudit.log", "ddl"), parameter("pgaudit.log_catalog", "off"), parameter("fsync", "off"), None],
        ),
    ),
    ("log source", "redshift-serverless:UpdateNamespace"): (
        [{"namespaceName": "sales", "logExports": []}],
        [{"namespaceName": "sales", "logExports": ["connectionlog"]}, {"defaultIamRoleArn": ""}, None],
    ),
    ("log source", "s3:PutBucketLogging"): (
        [{"BucketLoggingStatus": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}}, None],
        [{"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": ""}}}],
    ),
    ("log source", "transfer:UpdateServer"): (
        [{"serverId": "s-1", "loggingRole": ""}],
        [
            {"loggingRole": "", "structuredLogDestinations": ["arn:aws:logs:us-east-1:111122223333:log-group:sftp:*"]},
            {"loggingRole": "arn:aws:iam::111122223333:role/sftp"},
            None,
        ],
    ),
    ("log source", "rds:ModifyOptionGroup"): (
        [
            {"optionsToRemove": ["MARIADB_AUDIT_PLUGIN"]},
            {"optionGroupName": "orders", "optionsToRemove": ["TDE", "SQLSERVER_AUDIT"]},
        ],
        [
            {"optionsToRemove": ["MEMCACHED"]},
            {"optionsToRemove": ["MEMCACHED"], "optionsToInclude": [{"optionName": "MARIADB_AUDIT_PLUGIN"}]},
            None,
        ],
    ),
    ("detector", "guardduty:UpdateDetector"): (
        [{"enable": False}, {"dataSources": {"s3Logs": {"enable": False}}}, feature("DISABLED")],
        [{"enable": True}, feature("ENABLED"), None],
    ),
    ("detector", "guardduty:UpdateMemberDetectors"): (
        [{"dataSources": {"s3Logs": {"autoEnable": False}}}, feature("DISABLED")],
        [{"dataSources": {"s3Logs": {"autoEnable": True}}}, feature("ENABLED"), None],
    ),
    ("detector", "macie2:UpdateMacieSession"): ([{"status": "PAUSED"}], [{"status": "ENABLED"}, None]),
    ("detector", "macie2:UpdateMemberSession"): ([{"status": "PAUSED"}], [{"status": "ENABLED"}, None]),
    **dict.fromkeys(
        [
            ("detector", f"macie2:{api}")
            for api in ("BatchUpdateAutomatedDiscoveryAccounts", "UpdateAutomatedDiscoveryConfiguration")
        ],
        (
            [{"status": "DISABLED"}, {"accounts": [{"accountId": "444455556666", "status": "DISABLED"}]}],
            [{"status": "ENABLED"}, None],
        ),
    ),
    ("findings", "access-analyzer:UpdateFindings"): ([{"status": "ARCHIVED"}, None], [{"status": "ACTIVE"}]),
    **dict.fromkeys(
        [
            ("findings", action)
            for action in (
                "guardduty:CreateFilter",
                "guardduty:UpdateFilter",
                "macie2:CreateFindingsFilter",
                "macie2:UpdateFindingsFilter",
            )
        ],
        (
            [{"name": "quiet", "action": "ARCHIVE"}, {"description": "quiet"}, None],
            [{"name": "mine", "action": "NOOP"}],
        ),
    ),
    **dict.fromkeys(
        [("findings", "inspector2:CreateFilter"), ("findings", "inspector2:UpdateFilter")],
        ([{"name": "quiet", "action": "SUPPRESS"}, None], [{"name": "mine", "action": "NONE"}]),
    ),
    ("findings", "config:PutConfigurationRecorder"): (
        [{"configurationRecorder": {"recordingGroup": {"resourceTypes": ["AWS::EC2::Volume"]}}}, None],
        [{"configurationRecorder": {"recordingGroup": {"allSupported": True}}}],
    ),
    **dict.fromkeys(
        [("findings", "guardduty:UpdateThreatEntitySet"), ("findings", "guardduty:UpdateThreatIntelSet")],
        (
            [{"threatIntelSetId": "t", "activate": False}, {"location": "s3://b/l", "activate": True}, None],
            [{"detectorId": "d", "threatIntelSetId": "t", "activate": True}],
        ),
    ),
    ("findings", "securityhub:BatchUpdateStandardsControlAssociations"): (
        [controls("DISABLED"), controls("ENABLED", "DISABLED"), controls("DISABLED", "ENABLED"), None],
        [controls("ENABLED"), controls("ENABLED", "ENABLED")],
    ),
    ("findings", "securityhub:UpdateStandardsControl"): (
        [{"ControlStatus": "DISABLED", "DisabledReason": "ENABLED elsewhere"}, None],
        [{"ControlStatus": "ENABLED"}],
    ),
    ("findings", "securityhub:BatchUpdateFindings"): (
        [{"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "NEW"}}, {"Severity": {"Label": "LOW"}}, None],
        [{"Workflow": {"Status": "NOTIFIED"}}, {"Workflow": {"Status": "NEW"}}],
    ),
    ("findings", "inspector2:UpdateOrganizationConfiguration"): (
        [{"autoEnable": {"ec2": False, "ecr": True}}],
        [{"autoEnable": {"ec2": True, "ecr": True, "lambdaCode": False}}, None],
    ),
    **dict.fromkeys(
        [("findings", f"{hub}:UpdateOrganizationConfiguration") for hub in ("detective", "macie2", "securityhub")],
        (
            [{"AutoEnable": False}, {"autoEnable": False}],
            [
                {"AutoEnable": True},
                {"AutoEnable": False, "OrganizationConfiguration": {"ConfigurationType": "CENTRAL"}},
                None,
            ],
        ),
    ),
    ("findings", "securityhub:UpdateConfigurationPolicy"): (
        [{"ConfigurationPolicy": {"SecurityHub": {"ServiceEnabled": False}}}],
        [{"ConfigurationPolicy": {"SecurityHub": {"ServiceEnabled": True}}}, None],
    ),
    ("findings", "ecr:PutImageScanningConfiguration"): (
        [{"imageScanningConfiguration": {"scanOnPush": False}}, None],
        [{"imageScanningConfiguration": {"scanOnPush": True}}],
    ),
    ("findings", "ecr:PutRegistryScanningConfiguration"): (
        [{"scanType": "BASIC", "rules": []}, {"rules": [{"scanFrequency": "SCAN_ON_PUSH"}]}, None],
        [{"scanType": "ENHANCED", "rules": [CONTINUOUS]}],
    ),
    **dict.fromkeys(
        [("alarm", f"{databases}:ModifyEventSubscription") for databases in ("dms", "rds", "redshift")],
        (
            [{"subscriptionName": "deletions", "enabled": False}],
            [{"subscriptionName": "deletions", "enabled": True}, {"subscriptionName": "deletions"}, None],
        ),
    ),
    ("alarm", "events:PutRule"): (
        [{"name": "root-used", "eventPattern": "{}", "state": "DISABLED"}],
        [{"name": "root-used", "state": "ENABLED"}, {"name": "DISABLED"}, None],
    ),
    **dict.fromkeys(
        [("alarm", f"monitoring:Put{kind}Alarm") for kind in ("Composite", "Metric")],
        (
            [{"alarmName": "root-used", "actionsEnabled": False}],
            [{"alarmName": "root-used", "actionsEnabled": True}, {"alarmName": "root-used"}, None],
        ),
    ),
    ("alarm", "ses:PutEmailIdentityFeedbackAttributes"): (
        [{"emailIdentity": "example.com", "emailForwardingEnabled": False}],
        [{"emailIdentity": "example.com", "emailForwardingEnabled": True}, None],
    ),
    ("alarm", "ses:SetIdentityFeedbackForwardingEnabled"): (
        [{"identity": "example.com", "forwardingEnabled": False}],
        [{"identity": "example.com", "forwardingEnabled": True}, None],
    ),
    ("alarm", "monitoring:SetAlarmState"): (
        [{"alarmName": "root-used", "stateValue": "OK"}, {"stateValue": "INSUFFICIENT_DATA"}, None],
        [{"alarmName": "root-used", "stateValue": "ALARM"}],
    ),
    ("alarm", "lambda:PutFunctionConcurrency"): (
        [{"functionName": "isolate", "reservedConcurrentExecutions": 0}],
        [{"functionName": "isolate", "reservedConcurrentExecutions": 10}, {"reservedConcurrentExecutions": 100}, None],
    ),
    ("edge", "wafv2:UpdateWebACL"): (
        [{"name": "web", "defaultAction": {"allow": {}}, "rules": []}, {"defaultAction": {"allow": {}}}],
        [{"defaultAction": {"allow": {}}, "rules": [{"name": "common"}]}, {"defaultAction": {"block": {}}}, None],
    ),
    ("guardrail", "bedrock:UpdateGuardrail"): (
        [
            {"contentPolicyConfig": {"filtersConfig": [{"type": "VIOLENCE", "inputStrength": "NONE"}]}},
            {"topicPolicyConfig": {"topicsConfig": [{"inputAction": "NONE"}]}},
            {"contentPolicyConfig": {"filtersConfig": []}},
            {"wordPolicyConfig": {"wordsConfig": [{"outputEnabled": False}]}},
        ],
        [{"contentPolicyConfig": {"filtersConfig": [{"type": "PROMPT_ATTACK", "outputStrength": "NONE"}]}}, None],
    ),
    ("guardrail", "bedrock:PutEnforcedGuardrailConfiguration"): (
        [
            {"configId": "c1", "modelEnforcement": {"excludedModels": ["example.model-v1:0"]}},
            {"selectiveContentGuarding": {"system": "SELECTIVE"}, "configId": "c1"},
            {"configId": "c1", "inputTags": "HONOR"},
        ],
        [{"excludedModels": ["example.model-v1:0"]}, {"configId": "c1", "excludedModels": []}, None],
    ),
    ("encryption", "dynamodb:UpdateTable"): (
        [{"tableName": "orders", "sSESpecification": {"enabled": False}}],
        [{"sSESpecification": {"enabled": True}}, {"streamSpecification": {"enabled": False}}, None],
    ),
    ("encryption", "elasticache:ModifyReplicationGroup"): (
        [{"transitEncryptionEnabled": False}],
        [{"transitEncryptionEnabled": True}, {"multiAZEnabled": False}, None],
    ),
    ("encryption", "glue:PutDataCatalogEncryptionSettings"): (
        [{"dataCatalogEncryptionSettings": {"encryptionAtRest": {"catalogEncryptionMode": "DISABLED"}}}],
        [{"dataCatalogEncryptionSettings": {"encryptionAtRest": {"catalogEncryptionMode": "SSE-KMS"}}}, None],
    ),
    **dict.fromkeys(
        [
            ("encryption", "rds:ModifyDBClusterParameterGroup"),
            ("encryption", "rds:ModifyDBParameterGroup"),
            ("encryption", "redshift:ModifyClusterParameterGroup"),
        ],
        (
            [
                parameter("rds.force_ssl", "0"),
                parameter("require_secure_transport", "OFF"),
                parameter("require_ssl", "false"),
                parameter("tls", "disabled"),
                parameter("neptune_enforce_ssl", "0"),
            ],
            [parameter("rds.force_ssl", "1"), parameter("tls_version", "0"), parameter("autovacuum", "0"), None],
        ),
    ),
    ("encryption", "rds:ModifyDBProxy"): ([{"requireTLS": False}], [{"requireTLS": True}, None]),
    ("encryption", "redshift:ModifyCluster"): ([{"encrypted": False}], [{"encrypted": True}, None]),
    ("encryption", "sns:SetTopicAttributes"): (
        [KEY_OF_TOPIC | {"attributeValue": ""}, KEY_OF_TOPIC],
        [KEY_OF_TOPIC | {"attributeValue": "alias/x"}, {"attributeName": "DisplayName", "attributeValue": ""}, None],
    ),
    ("encryption", "sqs:SetQueueAttributes"): (
        [{"attributes": {"SqsManagedSseEnabled": "false"}}, {"attributes": {"KmsMasterKeyId": ""}}],
        [{"attributes": {"SqsManagedSseEnabled": "true"}}, {"attributes": {"KmsMasterKeyId": "alias/x"}}, None],
    ),
    ("encryption", "xray:PutEncryptionConfig"): ([{"type": "NONE"}, {"Type": "NONE"}], [{"type": "KMS"}, None]),
}


def call(action: str, name: str, request: Any = None) -> dict[str, Any]:
    service, _, api = action.partition(":")
    asked = {"eventSource": f"{service}.amazonaws.com", "eventName": api, "requestParameters": request}
    return record(eventID=name, readOnly=False, **asked)


def weakened(lake: Lake) -> list[tuple[str, str]]:
    rows = lake.sql("SELECT event_id, defense FROM impaired_defenses ORDER BY event_id, defense").rows()
    return [(row["event_id"], row["defense"]) for row in rows]


def requests() -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """A call of each request of BY_REQUEST, and those of them that weaken a defense."""
    calls, weakening = [], []
    for (defense, action), sides in BY_REQUEST.items():
        for weakens, side in zip((True, False), sides, strict=True):
            for number, request in enumerate(side):
                name = f"{defense} {action} {'weakens' if weakens else 'does not'} {number}"
                calls.append(call(action, name, request))
                weakening += [(name, defense)] if weakens else []
    return calls, sorted(weakening)


def test_the_request_decides_where_a_call_may_do_either(lake_of: LakeOf) -> None:
    calls, weakening = requests()
    assert weakened(lake_of(calls)) == weakening


def test_each_pattern_alone_keeps_a_request_out(lake_of: LakeOf) -> None:
    calls, _ = requests()
    fits = "coalesce(regexp_matches(request, only_if), only_if IS NULL)"
    is_excepted = "coalesce(regexp_matches(request, unless), false)"
    kept_out = (
        f"SELECT action, only_if AS pattern FROM events JOIN impairing_calls USING (action) WHERE NOT {fits} AND NOT {is_excepted}"
        f" UNION SELECT action, unless FROM events JOIN impairing_calls USING (action) WHERE {fits} AND {is_excepted}"
    )
    patterns = "SELECT action, unnest([only_if, unless]) AS pattern FROM impairing_calls"
    sql = f"SELECT * FROM ({patterns}) WHERE pattern IS NOT NULL EXCEPT ({kept_out})"
    assert lake_of(calls).sql(sql).rows() == []


def test_what_always_weakens_does_so_when_refused_and_when_aws_calls(lake_of: LakeOf) -> None:
    listed = (
        lake_of([])
        .sql("SELECT action, defense FROM impairing_calls WHERE only_if IS NULL AND unless IS NULL ORDER BY action")
        .rows()
    )
    by_aws = {"userIdentity": {"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"}}
    whose: list[dict[str, Any]] = [{"errorCode": "AccessDenied"}, by_aws]
    lake = lake_of(
        [call(row["action"], row["action"]) | changes for row, changes in zip(listed, cycle(whose), strict=False)]
    )
    assert weakened(lake) == [(row["action"], row["defense"]) for row in listed]
    assert len({row["action"] for row in listed}) == len(listed)


def test_every_call_whose_request_decides_is_one_of_those_tried(lake_of: LakeOf) -> None:
    sql = "SELECT DISTINCT defense, action FROM impairing_calls WHERE coalesce(only_if, unless) IS NOT NULL"
    assert {(row["defense"], row["action"]) for row in lake_of([]).sql(sql).rows()} == BY_REQUEST.keys()


def test_other_calls_of_the_same_services_weaken_nothing(lake_of: LakeOf) -> None:
    others = ["cloudtrail:StartLogging", "guardduty:CreateDetector", "config:DescribeConfigRules", "sns:CreateTopic"]
    assert weakened(lake_of([call(action, action) for action in others])) == []


def test_what_weakened_a_defense_before_the_scope_is_not_shown(lake_of: LakeOf) -> None:
    lake = lake_of([call("cloudtrail:StopLogging", "stopped")])
    assert weakened(lake) == [("stopped", "trail")]
    assert weakened(lake.narrowed(since=datetime(2024, 3, 2))) == []  # noqa: DTZ001 (a scope is naive UTC)
