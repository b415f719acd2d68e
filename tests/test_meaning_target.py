# ruff: noqa: E501 one case a line reads best
"""What a call was aimed at."""

import pytest

from trailquery.meaning.resources import mentions
from trailquery.meaning.target import target

ACCOUNT, OTHER = "111122223333", "444455556666"
GROUP = "sg-0123456789abcdef0"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{OTHER}:role/teams/ci/Deploy"
PERMISSION = {
    "ipProtocol": "tcp",
    "fromPort": 443,
    "toPort": 443,
    "groups": {},
    "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]},
    "ipv6Ranges": {},
    "prefixListIds": {},
}
FLAT = {
    "groupId": GROUP,
    "ipPermissions": {},
    "ipProtocol": "tcp",
    "fromPort": 22,
    "toPort": 22,
    "cidrIp": "0.0.0.0/0",
}


def aim(service, api, request=None, response=None, resources=None, message=None, details=None, additional=None):
    found = mentions(service, api, request, response, resources, message, details, additional)
    return target(service, api, request, response, found, ACCOUNT)


@pytest.mark.parametrize(
    ("service", "api", "request_", "expected"),
    [
        ("s3", "GetObject", {"bucketName": "payroll", "key": "2026/a.csv"}, "s3://payroll/2026/a.csv"),
        ("s3", "PutBucketPolicy", {"bucketName": "payroll", "policy": ""}, "s3://payroll"),
        ("s3", "ListBuckets", {"Host": "s3.amazonaws.com"}, None),
        ("iam", "CreateAccessKey", {"userName": "deploy2"}, "user/deploy2"),
        ("iam", "DeleteAccessKey", {"userName": "bob", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}, "user/bob"),
        ("iam", "PutRolePolicy", {"roleName": "Admin", "policyName": "inline"}, "role/Admin"),
        (
            "iam",
            "AttachUserPolicy",
            {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess", "userName": "bob"},
            "user/bob +policy/AdministratorAccess",
        ),
        ("iam", "RemoveUserFromGroup", {"groupName": "Ops", "userName": "bob"}, "user/bob -group/Ops"),
        ("sts", "AssumeRole", {"roleArn": ROLE, "roleSessionName": "x"}, f"role/Deploy ({OTHER})"),
        ("sts", "AssumeRole", {"roleArn": ROLE.replace(OTHER, ACCOUNT)}, "role/Deploy"),
        ("lambda", "Invoke", {"functionName": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:pay:2"}, "function/pay"),
        ("lambda", "Invoke", {"functionName": f"{ACCOUNT}:function:pay:live"}, "function/pay"),
        ("lambda", "AddPermission", {"functionName": "pay", "principal": "*"}, "function/pay +*"),
        ("sqs", "AddPermission", {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/jobs", "label": "x", "aWSAccountIds": [OTHER, "*"], "actions": ["*"]}, f"queue/jobs +{OTHER} and 1 more"),
        ("sns", "AddPermission", {"topicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:news", "label": "x", "aWSAccountId": [OTHER], "actionName": ["Publish"]}, f"topic/news +{OTHER}"),
        ("kms", "Decrypt", {"keyId": "alias/app", "encryptionContext": {"a": ROLE}}, "alias/app"),
        ("kms", "ScheduleKeyDeletion", {"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}, "key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("secretsmanager", "GetSecretValue", {"secretId": "prod/db"}, "secret/prod/db"),
        (
            "secretsmanager",
            "GetSecretValue",
            {"secretId": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:prod/db-AbCdEf"},
            "secret/prod/db",
        ),
        ("ssm", "GetParameters", {"names": ["/a/b", "/a/c", "/a/d"]}, "parameter/a/b and 2 more"),
        ("ssm", "SendCommand", {"instanceIds": ["i-0123456789abcdef0"], "documentName": "AWS-RunShellScript"}, "i-0123456789abcdef0"),
        ("ssm", "SendCommand", {"targets": [{"key": "InstanceIds", "values": ["mi-1", "i-2"]}], "documentName": "AWS-RunShellScript"}, "mi-1 and 1 more"),
        ("ssm", "SendCommand", {"targets": [{"key": "tag:env", "values": ["prod"]}], "documentName": "AWS-RunShellScript"}, "document/AWS-RunShellScript"),
        ("ssm", "StartSession", {"target": "i-0123456789abcdef0"}, "i-0123456789abcdef0"),
        ("cloudtrail", "StopLogging", {"name": f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main"}, "trail/main"),
        ("cloudtrail", "CreateTrail", {"name": "main", "s3BucketName": "logs"}, "trail/main"),
        ("dynamodb", "Scan", {"tableName": "orders"}, "table/orders"),
        ("rds", "ModifyDBSnapshotAttribute", {"dBSnapshotIdentifier": "s1", "valuesToAdd": [OTHER]}, f"snapshot/s1 +{OTHER}"),
        ("rds", "AuthorizeDBSecurityGroupIngress", {"dBSecurityGroupName": "old", "cIDRIP": "0.0.0.0/0"}, "secgrp/old"),
        ("appsync", "CreateApiKey", {"apiId": "abc", "expires": 1709287200}, "apis/abc"),
        ("appsync", "UpdateResolver", {"apiId": "abc", "typeName": "Query", "fieldName": "orders"}, "apis/abc"),
        ("guardduty", "DeleteInvitations", {"accountIds": [OTHER]}, f"account/{OTHER}"),
        ("guardduty", "DeleteMembers", {"detectorId": "d1", "accountIds": [OTHER]}, "detector/d1"),
        ("securityhub", "DeleteMembers", {"AccountIds": [OTHER]}, f"account/{OTHER}"),
        ("cognito-idp", "GetTokensFromRefreshToken", {"clientId": "abc", "refreshToken": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "client/abc"),
        ("cognito-idp", "AdminGetUser", {"userPoolId": "us-east-1_abc", "username": "bob"}, "userpool/us-east-1_abc"),
        ("ses", "VerifyDomainIdentity", {"domain": "example.com"}, "identity/example.com"),
        ("workmail", "RegisterToWorkMail", {"organizationId": "m-1", "entityId": "S-1", "email": "a@example.com"}, "user/S-1"),
        ("ds", "CreateAlias", {"directoryId": "d-1234567890", "alias": "x"}, "directory/d-1234567890"),
        ("iam", "CreateServiceLinkedRole", {"aWSServiceName": "ecs.amazonaws.com"}, None),
        ("rds", "CreateDBSnapshot", {"dBInstanceIdentifier": "db1", "dBSnapshotIdentifier": "s1"}, "snapshot/s1"),
        ("eks", "DescribeCluster", {"name": "prod"}, "cluster/prod"),
        ("ecs", "RunTask", {"cluster": "main", "taskDefinition": "batch:3"}, "task-definition/batch:3"),
        ("sns", "Publish", {"topicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts"}, "topic/alerts"),
        ("sqs", "ReceiveMessage", {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/jobs"}, "queue/jobs"),
        ("guardduty", "DeleteDetector", {"detectorId": "12abc"}, "detector/12abc"),
        (
            "organizations",
            "DisableAWSServiceAccess",
            {"servicePrincipal": "ssm.amazonaws.com"},
            "service/ssm.amazonaws.com",
        ),
        ("organizations", "AttachPolicy", {"policyId": "p-1", "targetId": OTHER}, f"target/{OTHER} +policy/p-1"),
        ("route53", "ChangeResourceRecordSets", {"hostedZoneId": "Z1", "changeBatch": {}}, "hostedzone/Z1"),
        ("cloudformation", "DeleteStack", {"stackName": "web"}, "stack/web"),
        ("glue", "GetTable", {"databaseName": "lake", "name": "orders"}, "table/lake/orders"),
        ("athena", "StartQueryExecution", {"workGroup": "primary", "queryString": "SELECT 1"}, "workgroup/primary"),
        ("ecr", "PutImage", {"repositoryName": "team/app", "imageTag": "1"}, "repository/team/app"),
        ("kms", "CreateGrant", {"keyId": KEY, "name": "volumes", "granteePrincipal": ROLE, "operations": ["Decrypt"]}, f"key/{KEY}"),
        ("kms", "RevokeGrant", {"grantId": "0123456789abcdef", "keyId": KEY}, f"key/{KEY}"),
        ("kms", "CreateAlias", {"aliasName": "alias/disks", "targetKeyId": KEY}, "alias/disks"),
        ("glue", "PutResourcePolicy", {"policyInJson": "{}", "enableHybrid": "TRUE"}, "catalog"),
        ("glue", "DeleteResourcePolicy", None, "catalog"),
        ("glue", "PutResourcePolicy", {"policyInJson": "{}", "resourceArn": f"arn:aws:glue:eu-west-1:{OTHER}:catalog"}, f"catalog ({OTHER})"),
        ("newservice", "CreateShinyThing", {"shinyThingName": "x", "other": "y"}, "shiny-thing/x"),
        ("newservice", "DescribeShinyThing", {"shinyThingId": "x"}, "shiny-thing/x"),
        ("newservice", "CreateShinyThing", {"bladeName": "x", "roleArn": ROLE}, "blade/x"),
        ("ecs", "ExecuteCommand", {"cluster": "main", "task": "t1", "command": "/bin/sh"}, "task/t1"),
        ("ssm", "ModifyDocumentPermission", {"name": "doc", "accountIdsToAdd": ["all"]}, "document/doc +all"),
        ("ssm", "ModifyDocumentPermission", {"name": "doc", "accountIdsToAdd": [OTHER], "accountIdsToRemove": ["all"]}, f"document/doc +{OTHER} and 1 more"),
        ("ram", "AssociateResourceShare", {"resourceShareArn": f"arn:aws:ram:eu-west-1:{ACCOUNT}:resource-share/s1", "principals": [OTHER]}, f"resource-share/s1 +{OTHER}"),
        ("ram", "DisassociateResourceShare", {"resourceShareArn": f"arn:aws:ram:eu-west-1:{ACCOUNT}:resource-share/s1", "principals": [OTHER]}, f"resource-share/s1 -{OTHER}"),
        ("rolesanywhere", "CreateSession", {"profileArn": f"arn:aws:rolesanywhere:eu-west-1:{ACCOUNT}:profile/p1", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/Deploy", "trustAnchorArn": f"arn:aws:rolesanywhere:eu-west-1:{ACCOUNT}:trust-anchor/t1"}, "role/Deploy"),
        ("rolesanywhere", "CreateProfile", {"name": "hosts", "roleArns": [f"arn:aws:iam::{ACCOUNT}:role/Deploy"]}, "profile/hosts"),
        ("rolesanywhere", "UpdateTrustAnchor", {"trustAnchorId": "t1", "name": "ca"}, "trust-anchor/t1"),
        ("rds", "DeleteDBInstance", {"dBInstanceIdentifier": "db"}, "db/db"),
        ("rds", "CopyDBSnapshot", {"sourceDBSnapshotIdentifier": "s1", "targetDBSnapshotIdentifier": "s2"}, "snapshot/s2"),
        ("rds", "CopyDBClusterSnapshot", {"sourceDBClusterSnapshotIdentifier": "s1"}, "cluster-snapshot/s1"),
        ("rds", "AddRoleToDBInstance", {"featureName": "S3", "dBInstanceIdentifier": "db1", "roleArn": ROLE}, "db/db1 +role/Deploy"),
        ("rds", "RemoveRoleFromDBCluster", {"dBClusterIdentifier": "c1", "roleArn": ROLE}, "cluster/c1 -role/Deploy"),
        ("route53", "AssociateVPCWithHostedZone", {"hostedZoneId": "Z1", "vPC": {"vPCId": "vpc-0123456789abcdef0"}}, "hostedzone/Z1 +vpc-0123456789abcdef0"),
        ("route53", "CreateVPCAssociationAuthorization", {"hostedZoneId": "Z1", "vPC": {"vPCId": "vpc-0123456789abcdef0"}}, "hostedzone/Z1"),
        ("ec2", "ReplaceRoute", {"routeTableId": "rtb-0123456789abcdef0", "destinationCidrBlock": "0.0.0.0/0", "networkInterfaceId": "eni-0123456789abcdef0"}, "rtb-0123456789abcdef0"),
        ("ec2", "CreateRoute", {"routeTableId": "rtb-0123456789abcdef0", "destinationCidrBlock": "0.0.0.0/0", "instanceId": "i-0123456789abcdef0"}, "rtb-0123456789abcdef0"),
        ("wafv2", "DeleteLoggingConfiguration", {"resourceArn": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:regional/webacl/shop/0b1c2d3e"}, "webacl/shop"),
        ("autoscaling", "CreateOrUpdateTags", {"tags": [{"resourceId": "web", "resourceType": "auto-scaling-group", "key": key} for key in ("Owner", "Team")]}, "auto-scaling-group/web"),
        ("autoscaling", "CreateAutoScalingGroup", {"autoScalingGroupName": "web", "tags": [{"resourceId": "web", "resourceType": "auto-scaling-group", "key": "Owner"}]}, "auto-scaling-group/web"),
        ("wafv2", "AssociateWebACL", {"webACLArn": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:regional/webacl/shop/0b1c2d3e", "resourceArn": f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:loadbalancer/app/web/0b1c2d3e"}, "loadbalancer/web +webacl/shop"),
        ("waf-regional", "AssociateWebACL", {"webACLId": "0b1c2d3e", "resourceArn": f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:loadbalancer/app/web/0b1c2d3e"}, "loadbalancer/web +webacl/0b1c2d3e"),
        ("cloudfront", "AssociateDistributionWebACL", {"id": "E1A2B3", "webACLArn": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/shop/0b1c2d3e"}, "distribution/E1A2B3 +webacl/shop"),
        ("cloudfront", "DisassociateDistributionWebACL", {"id": "E1A2B3"}, "distribution/E1A2B3"),
        ("cloudfront", "DisassociateDistributionTenantWebACL", {"id": "dt_2a3b"}, "distribution-tenant/dt_2a3b"),
        ("network-firewall", "AssociateFirewallPolicy", {"firewallName": "edge", "firewallPolicyArn": f"arn:aws:network-firewall:us-east-1:{ACCOUNT}:firewall-policy/open"}, "firewall/edge +firewall-policy/open"),
        ("network-firewall", "DisassociateSubnets", {"firewallName": "edge", "subnetIds": ["subnet-0123456789abcdef0"]}, "firewall/edge -subnet-0123456789abcdef0"),
        ("logs", "AssociateKmsKey", {"logGroupName": "/app", "kmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0b1c2d3e"}, "log-group/app +key/0b1c2d3e"),
        ("ec2", "AssociateRouteTable", {"routeTableId": "rtb-0123456789abcdef0", "subnetId": "subnet-0123456789abcdef0"}, "subnet-0123456789abcdef0 +rtb-0123456789abcdef0"),
        ("route53resolver", "DisassociateResolverQueryLogConfig", {"resolverQueryLogConfigId": "rqlc-0a1b", "resourceId": "vpc-0123456789abcdef0"}, "vpc-0123456789abcdef0 -resolver-query-log-config/rqlc-0a1b"),
        ("wafv2", "DisassociateWebACL", {"resourceArn": f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:loadbalancer/app/web/0b1c2d3e"}, "loadbalancer/web"),
        ("rds", "RestoreDBInstanceFromDBSnapshot", {"dBInstanceIdentifier": "new", "dBSnapshotIdentifier": "s1"}, "db/new"),
        ("config", "PutConfigurationRecorder", {"configurationRecorder": {"name": "default", "roleARN": ROLE}}, "configuration-recorder/default"),
        ("config", "PutDeliveryChannel", {"deliveryChannel": {"s3BucketName": "logs", "name": "default"}}, "delivery-channel/default"),
        ("events", "PutTargets", {"rule": "on-login", "targets": [{"id": "1"}]}, "rule/on-login"),
        ("ec2", "AssociateIamInstanceProfile", {"AssociateIamInstanceProfileRequest": {"InstanceId": "i-0123456789abcdef0", "IamInstanceProfile": {"Name": "Admin"}}}, "i-0123456789abcdef0"),
        ("sso-directory", "DeleteMfaDeviceForUser", {"user": {"userId": "9067642ac7-a1b2", "directoryId": "d-9067642ac7"}, "deviceId": "1"}, "user/9067642ac7-a1b2"),
        ("firehose", "UpdateDestination", {"deliveryStreamName": "waf-logs", "destinationId": "destinationId-000000000001"}, "deliverystream/waf-logs"),
        ("sso-directory", "ImportExternalIdPCertificate", {"directoryId": "d-9067642ac7", "externalIdPId": "1"}, "directory/d-9067642ac7"),
        ("sso", "AttachManagedPolicyToPermissionSet", {"instanceArn": "arn:aws:sso:::instance/ssoins-1", "permissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1", "managedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, "permissionSet/ssoins-1/ps-1 +policy/ReadOnlyAccess"),
        ("newservice", "CreateShinyThing", {"other": {"name": "x"}}, None),
        ("s3express", "GetObject", {"bucketName": "fast--use1-az4--x-s3", "key": "a.csv"}, "s3://fast--use1-az4--x-s3/a.csv"),
        ("s3-outposts", "PutObject", {"bucketName": "edge", "Key": "a.csv"}, "s3://edge/a.csv"),
        ("account", "PutAlternateContact", {"name": "Jane Doe", "emailAddress": "jane@example.com", "alternateContactType": "SECURITY"}, "alternate-contact/SECURITY"),
        ("ses", "GetIdentityVerificationAttributes", {"identities": ["example.com", "jane@example.com"]}, "identity/example.com and 1 more"),
        ("codebuild", "BatchGetProjects", {"names": ["web", "api"]}, "project/web and 1 more"),
        ("iam", "SimulatePrincipalPolicy", {"policySourceArn": ROLE, "actionNames": ["s3:GetObject"]}, f"role/Deploy ({OTHER})"),
        ("billingconsole", "SetContactAddress", {"fullName": "Jane Doe", "city": "Seattle"}, None),
        ("cloudfront", "DeleteDistribution", {"id": "E123"}, "distribution/E123"),
        ("wafv2", "UpdateWebACL", {"name": "web", "id": "a1b2", "scope": "REGIONAL"}, "webacl/web"),
        ("wafv2", "DeleteLoggingConfiguration", {"resourceArn": f"arn:aws:wafv2:eu-west-1:{ACCOUNT}:regional/webacl/web/a1b2"}, "webacl/web"),
        ("wafv2", "PutPermissionPolicy", {"resourceArn": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/rulegroup/bots/a1b2", "policy": "{}"}, "rule-group/bots"),
        ("wafv2", "ListTagsForResource", {"resourceARN": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/ipset/office/a1b2"}, "ip-set/office"),
        ("wafv2", "UpdateIPSet", {"name": "office", "id": "a1b2", "scope": "CLOUDFRONT"}, "ip-set/office"),
        ("elasticloadbalancing", "CreateLoadBalancer", {"name": "web", "subnets": ["subnet-0123456789abcdef0"]}, "loadbalancer/web"),
        ("elasticloadbalancing", "CreateTargetGroup", {"name": "web", "vpcId": "vpc-0123456789abcdef0"}, "targetgroup/web"),
        ("states", "CreateStateMachine", {"name": "pay", "roleArn": ROLE}, "stateMachine/pay"),
        ("ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {}}, None),
        ("newservice", "Search", {"filters": {"userName": "x"}}, None),
        ("newservice", "Search", {"filters": ["arn:aws:iam::111122223333:user/x"]}, None),
        ("ec2", "DescribeInstances", {"filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": [{"value": "vpc-0123456789abcdef0"}]}}]}}, "vpc-0123456789abcdef0"),
        ("ec2", "DescribeVolumes", {"filterSet": {"items": [{"name": "attachment.instance-id", "valueSet": {"items": [{"value": "i-1"}, {"value": "i-2"}]}}]}}, "i-1 and 1 more"),
        ("ec2", "DescribeRouteTables", {"filterSet": {"items": [{"name": "association.route-table-association-id", "valueSet": {"items": [{"value": "rtbassoc-1"}]}}]}}, "rtbassoc-1"),
        ("ec2", "DescribeThings", {"DescribeThingsRequest": {"Filter": {"Name": "vpc-id", "Value": {"tag": 1, "content": "vpc-1"}, "tag": 1}}}, "vpc-1"),
        ("ec2", "DescribeInstances", {"filterSet": {"items": [{"name": "tag:Name", "valueSet": {"items": [{"value": "web"}]}}]}}, None),
        ("ec2", "DescribeSecurityGroups", {"filterSet": {"items": [{"name": "group-name", "valueSet": {"items": [{"value": "web-*"}]}}]}}, None),
        ("ec2", "DescribeInstances", {"filterSet": {"items": [{"name": "instance-state-name", "valueSet": {"items": [{"value": "running"}]}}]}}, None),
        ("ec2", "DescribeSecurityGroups", {"filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": [{"value": "vpc-1"}]}}, {"name": "group-name", "valueSet": {"items": [{"value": "default"}]}}]}}, "default"),
        ("rds", "DescribeDBInstances", {"filters": [{"name": "db-instance-id", "values": ["payroll"]}]}, "db/payroll"),
        ("ec2", "DescribeRouteTables", {"routeTableIdSet": {"items": [{"routeTableId": "rtb-1"}]}, "filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": [{"value": "vpc-1"}]}}]}}, "rtb-1"),
        ("ssm", "DescribeInstanceInformation", {"filters": [{"key": "InstanceIds", "values": ["i-1"]}]}, "i-1"),
        ("ssm", "DescribeParameters", {"parameterFilters": [{"key": "Name", "option": "Equals", "values": ["/prod/db"]}]}, "parameter/prod/db"),
        ("ssm", "DescribeParameters", {"parameterFilters": [{"key": "Name", "option": "BeginsWith", "values": ["/prod"]}]}, None),
        ("secretsmanager", "ListSecrets", {"filters": [{"key": "name", "values": ["prod"]}]}, None),
        ("ssm", "AddTagsToResource", {"resourceType": "Parameter", "resourceId": "/prod/db", "tags": []}, "parameter/prod/db"),
        ("config", "GetResourceConfigHistory", {"resourceType": "AWS::S3::Bucket", "resourceId": "payroll"}, "s3://payroll"),
        ("ec2", "AcceptTransitGatewayVpcAttachment", {"AcceptTransitGatewayVpcAttachmentRequest": {"TransitGatewayAttachmentId": "tgw-attach-0123456789abcdef0"}}, "tgw-attach-0123456789abcdef0"),
        ("ec2", "DeleteFlowLogs", {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-0123456789abcdef0"}}}, "fl-0123456789abcdef0"),
        ("iam", "SendDelegationToken", {"delegationRequestId": "dr-0b1c2d3e4f504617"}, "delegation-request/dr-0b1c2d3e4f504617"),
        ("airflow", "CreateCliToken", {"Name": "etl"}, "environment/etl"),
        ("codeartifact", "PublishPackageVersion", {"domain": "corp", "repository": "npm", "package": "left"}, "package/left"),
        ("codeartifact", "PutDomainPermissionsPolicy", {"domain": "corp", "policyDocument": "{}"}, "domain/corp"),
        ("dlm", "UpdateLifecyclePolicy", {"policyId": "policy-0123456789abcdef0", "state": "DISABLED"}, "policy/policy-0123456789abcdef0"),
        ("ec2", "ModifyVpcEndpointServicePermissions", {"ModifyVpcEndpointServicePermissionsRequest": {"ServiceId": "vpce-svc-0123456789abcdef0", "AddAllowedPrincipals": {"tag": 1, "content": "*"}}}, "vpce-svc-0123456789abcdef0"),
        ("grafana", "CreateWorkspaceApiKey", {"workspaceId": "g-0123456789", "keyRole": "ADMIN"}, "workspace/g-0123456789"),
        ("kafka", "DeleteCluster", {"clusterArn": f"arn%3Aaws%3Akafka%3Aus-east-1%3A{ACCOUNT}%3Acluster%2Forders%2F0b1c2d3e"}, "cluster/orders/0b1c2d3e"),
        ("eks", "AssociateAccessPolicy", {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "name": "prod", "principalArn": f"arn%3Aaws%3Aiam%3A%3A{ACCOUNT}%3Arole%2Fops%2FAdmin"}, "cluster/prod +cluster-access-policy/AmazonEKSViewPolicy"),
        ("connect", "GetContactAttributes", {"InitialContactId": "1", "InstanceId": "0b1c2d3e-4f50"}, "instance/0b1c2d3e-4f50"),
        ("cloudshell", "GetFileDownloadUrls", {"EnvironmentId": "0b1c2d3e-4f50", "FileDownloadPath": "/home/cloudshell-user/s.zip"}, "environment/0b1c2d3e-4f50"),
        ("ec2-instance-connect", "OpenTunnel", {"instanceConnectEndpointId": "eice-0123456789abcdef0", "maxTunnelDuration": "3600", "remotePort": "22", "privateIpAddress": "10.0.1.1"}, "eice-0123456789abcdef0"),
        ("ec2", "CreateTransitGatewayRoute", {"CreateTransitGatewayRouteRequest": {"TransitGatewayAttachmentId": "tgw-attach-0123456789abcdef0", "TransitGatewayRouteTableId": "tgw-rtb-0123456789abcdef0"}}, "tgw-rtb-0123456789abcdef0"),
        ("ec2", "ModifySnapshotAttribute", {"snapshotId": "snap-0123456789abcdef0", "createVolumePermission": {"add": {"items": [{"userId": OTHER}, {"group": "all"}]}}}, f"snap-0123456789abcdef0 +{OTHER} and 1 more"),
        ("ec2", "ModifyImageAttribute", {"imageId": "ami-0123456789abcdef0", "launchPermission": {"add": {"items": [{"organizationArn": f"arn:aws:organizations::{OTHER}:organization/o-exampleorgid"}]}}}, "ami-0123456789abcdef0 +o-exampleorgid"),
        ("ec2", "ModifyImageAttribute", {"imageId": "ami-0123456789abcdef0", "launchPermission": {"remove": {"items": [{"organizationalUnitArn": f"arn:aws:organizations::{OTHER}:ou/o-exampleorgid/ou-ab12-11111111"}]}}}, "ami-0123456789abcdef0 -ou-ab12-11111111"),
        ("route53domains", "checkDomainAvailability", {"domainName": {"name": "example.com"}}, "domain/example.com"),
        ("route53", "DeleteHostedZone", {"id": "Z0123456789ABCDEFGHIJ"}, "hostedzone/Z0123456789ABCDEFGHIJ"),
        ("organizations", "InviteAccountToOrganization", {"target": {"type": "ACCOUNT", "id": OTHER}}, f"account/{OTHER}"),
        ("organizations", "CreateAccount", {"accountName": "****", "email": "****"}, None),
        ("s3", "GetDataAccess", {"target": "s3://payroll/2026/*", "permission": "READ"}, "s3://payroll/2026/*"),
        ("codepipeline", "StartPipelineExecution", {"name": "release"}, "pipeline/release"),
        ("sso", "CreateToken", {"clientId": "app", "clientSecret": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "client/app"),
        ("cloud9", "CreateEnvironmentMembership", {"environmentId": "2f5f", "userArn": f"arn:aws:iam::{ACCOUNT}:user/eve"}, "environment/2f5f"),
        ("elasticmapreduce", "AddTags", {"resourceId": "j-0123456789ABC", "tags": []}, "cluster/j-0123456789ABC"),
        ("elasticmapreduce", "AddJobFlowSteps", {"jobFlowId": "j-0123456789ABC", "steps": []}, "cluster/j-0123456789ABC"),
        ("lambda", "AddLayerVersionPermission", {"layerName": "tools", "principal": "*"}, "layer/tools +*"),
        ("appconfig", "StartDeployment", {"ApplicationId": "339o", "EnvironmentId": "54j1", "ConfigurationVersion": "1"}, "application/339o"),
        ("athena", "GetQueryResults", {"queryExecutionId": "q-1"}, "query-execution/q-1"),
        ("mgn", "StartTest", {"sourceServerIDs": ["s-1", "s-2"]}, "source-server/s-1 and 1 more"),
        ("emr-serverless", "StartJobRun", {"executionRoleArn": ROLE, "applicationId": "00f"}, "application/00f"),
        ("connect", "UpdateUserSecurityProfiles", {"InstanceId": "in", "UserId": "u1", "SecurityProfileIds": ["s"]}, "user/u1"),
        ("codecommit", "MergePullRequestBySquash", {"pullRequestId": "27", "repositoryName": "app"}, "pull-request/27"),
        ("bedrock", "CreateAgentActionGroup", {"agentId": "A1", "actionGroupName": "pay"}, "action-group/pay"),
        ("bedrock", "ListAgentAliases", {"agentId": "A1", "clientToken": "t"}, "agent/A1"),
        ("acm-pca", "DescribeReport", {"certificateAuthorityArn": f"arn:aws:acm-pca:us-east-1:{ACCOUNT}:certificate-authority/c1", "auditId": "a1"}, "certificate-authority/c1"),
        ("ssm", "GetCommandInvocation", {"commandId": "c1", "instanceId": "i-0123456789abcdef0"}, "i-0123456789abcdef0"),
        ("ssm", "CreateAssociation", {"name": "AWS-RunShellScript", "targets": [{"key": "InstanceIds", "values": ["mi-1"]}]}, "mi-1"),
        ("ssm", "CreateAssociation", {"name": "doc", "targets": [{"key": "InstanceIds", "values": ["*"]}]}, "association/doc"),
        ("codestar", "AssociateTeamMember", {"projectId": "app", "userArn": f"arn:aws:iam::{ACCOUNT}:user/eve"}, "user/eve"),
        ("events", "RemoveTargets", {"ids": ["1"], "rule": "on-login"}, "rule/on-login"),
        ("newservice", "ListBlades", {"callerRequestId": "1", "aWSAccountId": ACCOUNT, "versionId": "2", "externalHandleId": "3"}, None),
        ("glue", "CreateTable", {"databaseName": "lake", "tableInput": {"name": "orders"}}, "table/lake/orders"),
        ("newservice", "ListBlades", {"dBShelfName": "x"}, "db-shelf/x"),
        ("events", "CreateConnection", {"name": "hook", "authorizationType": "API_KEY"}, "connection/hook"),
        ("events", "DisableRule", {"name": "on-login", "eventBusName": "default"}, "rule/on-login"),
        ("cloudtrail", "CreateEventDataStore", {"name": "all"}, "eventdatastore/all"),
        ("cloudtrail", "StopLogging", {"name": "main"}, "trail/main"),
        ("cloudtrail", "DeleteChannel", {"channel": "c1"}, "channel/c1"),
        ("iam", "DeleteAccountAlias", {"accountAlias": "corp"}, "account-alias/corp"),
        ("iot", "CreateRoleAlias", {"roleAlias": "device", "roleArn": ROLE}, "role-alias/device"),
        ("account", "StartPrimaryEmailUpdate", {"accountId": OTHER, "primaryEmail": "****"}, f"account/{OTHER}"),
        ("batch", "UpdateComputeEnvironment", {"computeEnvironment": "miners", "state": "ENABLED"}, "compute-environment/miners"),
        ("ecs", "DeregisterContainerInstance", {"cluster": "main", "containerInstance": "ci1"}, "container-instance/ci1"),
        ("cassandra", "Select", {"keyspaceName": "shop", "tableName": "orders"}, "table/shop/orders"),
        ("lakeformation", "GrantPermissions", {"principal": {"dataLakePrincipalIdentifier": ROLE}, "resource": {"table": {"databaseName": "lake", "name": "orders"}}}, "table/lake/orders"),
        ("lakeformation", "RevokePermissions", {"resource": {"tableWithColumns": {"databaseName": "lake", "name": "orders", "columnNames": ["id"]}}}, "table/lake/orders"),
        ("workspaces", "TerminateWorkspaces", {"terminateWorkspaceRequests": [{"workspaceId": "ws-1"}]}, "workspace/ws-1"),
        ("rekognition", "DetectFaces", {"image": {"s3Object": {"bucket": "photos", "name": "a.jpg"}}}, "s3://photos"),
        ("newservice", "StartCopy", {"outputBucketName": "out"}, "s3://out"),
        ("s3vectors", "QueryVectors", {"vectorBucketName": "embeddings"}, "vector-bucket/embeddings"),
        ("cloudformation", "ActivateType", {"publicTypeArn": "arn:aws:cloudformation:us-east-1::type/hook/Guard", "executionRoleArn": ROLE}, "type/hook/Guard"),
        ("aws-mcp", "CallTool", {"method": "call_aws", "params": {"cli_command": "aws s3 ls"}, "id": "7"}, "tool/call_aws"),
        ("guardduty", "EnableOrganizationAdminAccount", {"adminAccountId": OTHER}, f"account/{OTHER}"),
        ("cloudtrail", "RegisterOrganizationDelegatedAdmin", {"memberAccountId": OTHER}, f"account/{OTHER}"),
        ("macie2", "CreateInvitations", {"accountIds": [OTHER, ACCOUNT]}, f"account/{OTHER} and 1 more"),
        ("config", "PutAggregationAuthorization", {"authorizedAccountId": OTHER, "authorizedAwsRegion": "us-east-1"}, f"account/{OTHER}"),
        ("redshift", "AuthorizeSnapshotAccess", {"snapshotIdentifier": "s1", "accountWithRestoreAccess": OTHER}, f"snapshot/s1 +{OTHER}"),
        ("redshift", "RevokeSnapshotAccess", {"snapshotIdentifier": "s1", "accountWithRestoreAccess": OTHER}, f"snapshot/s1 -{OTHER}"),
        ("ecr", "PutRegistryPolicy", {"policyText": "{}"}, "registry"),
        ("iam", "ListUsers", None, None),
        ("signin", "ConsoleLogin", None, None),
    ],
)  # fmt: skip
def test_a_call_has_one_readable_target(service, api, request_, expected):
    assert aim(service, api, request_) == expected


def test_a_grant_is_told_by_its_key_wherever_the_record_names_it():
    answer = {"grantId": "0123456789abcdef", "keyId": KEY}
    assert aim("kms", "CreateGrant", {"keyId": KEY, "granteePrincipal": ROLE}, answer) == f"key/{KEY}"
    assert aim("kms", "RetireGrant", {"grantToken": "HIDDEN_DUE_TO_SECURITY_REASONS"}, answer) == f"key/{KEY}"


def test_a_new_resource_is_named_by_the_response():
    instance = {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0", "imageId": "ami-0123456789abcdef0"}]}}
    asked = {"instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0"}]}}
    assert aim("ec2", "RunInstances", asked, instance) == "i-0123456789abcdef0"
    assert aim("ec2", "RunInstances", asked) == "ami-0123456789abcdef0"
    assert aim("ec2", "RunInstances", asked | {"groupSet": {"items": [{"groupId": GROUP}]}}) == "ami-0123456789abcdef0"
    assert aim("ec2", "CreateSecurityGroup", {"groupName": "web", "vpcId": "vpc-1"}, {"groupId": GROUP}) == GROUP
    mirror = {"trafficMirrorFilter": {"trafficMirrorFilterId": "tmf-1", "ingressFilterRuleSet": ""}, "clientToken": "t"}
    answer = {"CreateTrafficMirrorFilterResponse": mirror, "xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/"}
    assert aim("ec2", "CreateTrafficMirrorFilter", {"CreateTrafficMirrorFilterRequest": {}}, answer) == "tmf-1"
    assert (
        aim(
            "ec2",
            "CreateTrafficMirrorFilterRule",
            {"CreateTrafficMirrorFilterRuleRequest": {"TrafficMirrorFilterId": "tmf-1"}},
        )
        == "tmf-1"
    )
    session = {"trafficMirrorSession": {"trafficMirrorFilterId": "tmf-1", "trafficMirrorSessionId": "tms-1"}}
    asked = {"CreateTrafficMirrorSessionRequest": {"NetworkInterfaceId": "eni-1", "TrafficMirrorFilterId": "tmf-1"}}
    assert aim("ec2", "CreateTrafficMirrorSession", asked, {"CreateTrafficMirrorSessionResponse": session}) == "tms-1"
    assert aim("ec2", "ModifyTrafficMirrorSession", asked, {"ModifyTrafficMirrorSessionResponse": session}) == "eni-1"
    asked, answer = (
        {"InstanceId": "i-1", "ImageId": "ami-1"},
        {"replaceRootVolumeTask": {"replaceRootVolumeTaskId": "x-1"}},
    )
    assert aim("ec2", "CreateReplaceRootVolumeTask", asked, answer) == "i-1"
    endpoint = {
        "CreateInstanceConnectEndpointResponse": {"instanceConnectEndpoint": {"instanceConnectEndpointId": "eice-1"}}
    }
    asked = {"CreateInstanceConnectEndpointRequest": {"SubnetId": "subnet-1"}}
    assert aim("ec2", "CreateInstanceConnectEndpoint", asked, endpoint) == "eice-1"
    assert aim("ec2", "CreateInstanceConnectEndpoint", asked) == "subnet-1"
    edge = {"distribution": {"aRN": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E123", "id": "E123"}}
    asked = {"distributionConfigWithTags": {"distributionConfig": {"origins": {"items": [{"id": "web"}]}}}}
    assert aim("cloudfront", "CreateDistributionWithTags", asked, edge) == "distribution/E123"
    own_key = {"accessKey": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "bob"}}
    assert aim("iam", "CreateAccessKey", None, own_key) == "user/bob"


def test_what_a_call_made_tells_more_than_the_role_it_is_made_with():
    asked, made = {"executionRoleArn": ROLE, "state": "ENABLED"}, {"policyId": "policy-1"}
    assert aim("dlm", "CreateLifecyclePolicy", asked, made) == "policy/policy-1"
    assert aim("dlm", "CreateLifecyclePolicy", asked) == f"role/Deploy ({OTHER})"


def test_a_request_that_names_nothing_is_told_by_what_the_answer_describes():
    gone = {"dBInstanceIdentifier": "payroll", "dbiResourceId": "db-ABC", "status": "deleting"}
    assert aim("rds", "DeleteDBInstanceAutomatedBackup", {"dbiResourceId": "db-ABC"}, gone) == "db/payroll"
    described = {
        "tableDescription": {"tableName": "payroll", "tableArn": f"arn:aws:dynamodb:x:{ACCOUNT}:table/payroll"}
    }
    assert (
        aim("dynamodb", "UpdateTable", {"provisionedThroughput": {"readCapacityUnits": 5}}, described)
        == "table/payroll"
    )
    check = {"healthCheck": {"id": "b3c9", "healthCheckConfig": {"port": 80}}}
    assert aim("route53", "CreateHealthCheck", {"callerReference": "x"}, check) == "healthcheck/b3c9"
    handed_out = {"credentials": {"accessKeyId": "ASIAIOSFODNN7EXAMPLE"}}
    assert aim("sts", "GetSessionToken", {"durationSeconds": 900}, handed_out) is None


def test_the_portal_of_identity_center_names_account_and_role_in_the_details():
    assert aim("sso", "ListAccountRoles", details={"account_id": OTHER}) == f"account/{OTHER}"
    admin = {"account_id": OTHER, "role_name": "Admin"}
    assert aim("sso", "GetRoleCredentials", details=admin) == f"role/Admin ({OTHER})"
    assert aim("sso", "Federate", details=admin | {"account_id": ACCOUNT}) == "role/Admin"


def test_a_service_event_is_about_what_its_details_name():
    details = {"ARN": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-AbCdEf", "Name": "db"}
    assert aim("secretsmanager", "EndSecretVersionDelete", details=details) == "secret/db"
    made = {"account": {"accountName": "prod", "accountId": OTHER}, "state": "SUCCEEDED"}
    assert (
        aim("controltower", "CreateManagedAccount", details={"createManagedAccountStatus": made}) == f"account/{OTHER}"
    )
    assert aim("organizations", "CreateAccountResult", details={"createAccountStatus": made}) == f"account/{OTHER}"
    asked = {"eventRequestDetails": {"dashboardId": f"arn:aws:quicksight:eu-west-1:{ACCOUNT}:dashboard/pay"}}
    assert aim("quicksight", "GetDashboard", details=asked) == "dashboard/pay"
    done = {
        "action": "create",
        "additionalData": {"GiraffeCustomerAccount": ACCOUNT, "GiraffeWorkspaceId": "g-0123456789"},
    }
    assert aim("grafana", "create", details=done) == "workspace/g-0123456789"


def test_of_a_list_that_names_a_table_and_its_bucket_the_table_is_the_target():
    bucket = f"arn:aws:s3tables:eu-west-1:{ACCOUNT}:bucket/lake"
    listed = [{"ARN": bucket}, {"ARN": f"{bucket}/table/b89ec883"}, {"ARN": f"{bucket}house"}]
    assert aim("s3tables", "GetObject", {"key": "a.json"}, resources=listed[:2]) == "bucket/lake/table/b89ec883"
    assert aim("s3tables", "GetObject", {"key": "a.json"}, resources=listed[::2]) == "bucket/lake and 1 more"


def test_a_service_event_whose_details_name_nothing_is_about_what_stands_beside_them():
    details, additional = {"serviceAccountId": ACCOUNT}, {"userPoolId": "eu-west-1_Ab1Cd2Ef3", "form": {"scope": ["x"]}}
    assert aim("cognito-idp", "Login_POST", details=details, additional=additional) == "userpool/eu-west-1_Ab1Cd2Ef3"


def test_both_shapes_of_a_security_group_request_show_their_rule():
    grouped = {"groupId": GROUP, "ipPermissions": {"items": [PERMISSION]}}
    assert aim("ec2", "AuthorizeSecurityGroupIngress", grouped) == f"{GROUP} +tcp/443 0.0.0.0/0"
    assert aim("ec2", "AuthorizeSecurityGroupIngress", FLAT) == f"{GROUP} +tcp/22 0.0.0.0/0"
    assert aim("ec2", "RevokeSecurityGroupIngress", FLAT) == f"{GROUP} -tcp/22 0.0.0.0/0"


def test_security_group_rules_in_their_rarer_shapes():
    both = PERMISSION | {"ipProtocol": "-1", "ipv6Ranges": {"items": [{"cidrIpv6": "::/0"}]}}
    request = {"groupId": GROUP, "ipPermissions": {"items": [both, PERMISSION]}}
    assert aim("ec2", "AuthorizeSecurityGroupEgress", request) == f"{GROUP} +all 0.0.0.0/0 and 2 more"
    quoted = {"groupId": GROUP, "ipPermissions": {"items": [PERMISSION | {"fromPort": "443", "toPort": "444"}]}}
    assert aim("ec2", "AuthorizeSecurityGroupIngress", quoted) == f"{GROUP} +tcp/443-444 0.0.0.0/0"
    by_id = {"groupId": GROUP, "securityGroupRuleIds": {"items": [{"securityGroupRuleId": "sgr-1"}]}}
    assert aim("ec2", "RevokeSecurityGroupIngress", by_id) == f"{GROUP} -sgr-1"
    rule = {"IpProtocol": "tcp", "FromPort": 20, "ToPort": 25, "CidrIpv6": "::/0"}
    change = {
        "GroupId": GROUP,
        "SecurityGroupRule": {"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": rule, "tag": 1},
    }
    modified = {"ModifySecurityGroupRulesRequest": change}
    assert aim("ec2", "ModifySecurityGroupRules", modified) == f"{GROUP} ~tcp/20-25 ::/0"
    answer = {"securityGroupRuleSet": {"items": [{"groupId": GROUP, "ipProtocol": "icmp", "fromPort": -1, "toPort": -1, "cidrIpv4": "198.51.100.0/24"}]}}  # fmt: skip
    assert aim("ec2", "AuthorizeSecurityGroupIngress", {"groupId": GROUP}, answer) == f"{GROUP} +icmp 198.51.100.0/24"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f"User: arn:aws:iam::{ACCOUNT}:user/eve is not authorized to perform: sts:AssumeRole on resource: {ROLE}", f"role/Deploy ({OTHER})"),
        (f"... iam:DeleteUser on resource: arn:aws:iam::{ACCOUNT}:user/ops/bob because no identity-based policy allows it", "user/bob"),
        ("... not authorized to perform: iam:CreateAccessKey on resource: user bob", "user/bob"),
        ("... not authorized to perform: cloud9:ListEnvironments on resource: *", None),
        ("Encoded authorization failure message: AbC", None),
    ],
)  # fmt: skip
def test_a_refused_call_without_a_request_is_aimed_at_the_resource_in_its_message(message, expected):
    assert aim("iam", "Anything", message=message) == expected
