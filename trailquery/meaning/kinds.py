"""Kinds of resources: by the name of a request parameter, by ARN, by the form of an id.

Source of types: AWS CloudFormation resource types; of ARN words: AWS Service Authorization Reference;
of parameter names: recordings and the services' API references.
"""

import re
from functools import lru_cache
from typing import NamedTuple

# service, word (as in ARNs), CloudFormation type or -, parameters that name it, best subject of a call first.
# A parameter with = counts only in calls of that very service.
_TABLE = """
iam user AWS::IAM::User =userName =policySourceArn
iam role AWS::IAM::Role roleName roleArn
iam group AWS::IAM::Group =groupName
iam instance-profile AWS::IAM::InstanceProfile instanceProfileName instanceProfileArn
iam policy AWS::IAM::ManagedPolicy policyArn
iam policy - =policyName
iam mfa AWS::IAM::VirtualMFADevice =serialNumber =virtualMFADeviceName
iam saml-provider AWS::IAM::SAMLProvider sAMLProviderArn
iam oidc-provider AWS::IAM::OIDCProvider openIDConnectProviderArn
iam server-certificate AWS::IAM::ServerCertificate serverCertificateName
iam access-key AWS::IAM::AccessKey accessKeyId
iam delegation-request - =delegationRequestId
iam account-alias - =accountAlias
sts assumed-role - -
sts account - =targetPrincipal
sts federated-user - =name
s3 object AWS::S3::Object =target
s3 bucket AWS::S3::Bucket bucketName bucket s3BucketName s3Bucket
s3 accesspoint AWS::S3::AccessPoint -
ec2 route-table AWS::EC2::RouteTable routeTableId
ec2 transit-gateway-route-table AWS::EC2::TransitGatewayRouteTable transitGatewayRouteTableId
ec2 instance AWS::EC2::Instance instanceId =instanceIds
ssm instance AWS::EC2::Instance =target
ec2 image AWS::EC2::Image imageId
ec2 security-group AWS::EC2::SecurityGroup =groupId =groupName securityGroupId
ec2 snapshot AWS::EC2::Snapshot =snapshotId
ec2 volume AWS::EC2::Volume volumeId
ec2 network-interface AWS::EC2::NetworkInterface networkInterfaceId
ec2 network-acl AWS::EC2::NetworkAcl networkAclId
ec2 internet-gateway AWS::EC2::InternetGateway internetGatewayId
ec2 natgateway AWS::EC2::NatGateway natGatewayId
ec2 vpc-endpoint AWS::EC2::VPCEndpoint vpcEndpointId
ec2 vpc-endpoint-service AWS::EC2::VPCEndpointService =serviceId
ec2 vpc-flow-log AWS::EC2::FlowLog flowLogId
ec2 instance-connect-endpoint AWS::EC2::InstanceConnectEndpoint instanceConnectEndpointId
ec2 vpc-peering-connection AWS::EC2::VPCPeeringConnection vpcPeeringConnectionId
ec2 transit-gateway AWS::EC2::TransitGateway transitGatewayId
ec2 transit-gateway-attachment AWS::EC2::TransitGatewayAttachment transitGatewayAttachmentId
ec2 elastic-ip AWS::EC2::EIP allocationId
ec2 launch-template AWS::EC2::LaunchTemplate launchTemplateId launchTemplateName
ec2 key-pair AWS::EC2::KeyPair keyName keyPairId
ec2 traffic-mirror-filter AWS::EC2::TrafficMirrorFilter trafficMirrorFilterId
ec2 traffic-mirror-filter-rule AWS::EC2::TrafficMirrorFilterRule trafficMirrorFilterRuleId
ec2 traffic-mirror-target AWS::EC2::TrafficMirrorTarget trafficMirrorTargetId
ec2 traffic-mirror-session AWS::EC2::TrafficMirrorSession trafficMirrorSessionId
ec2 attachment - =attachmentId
ec2 association - =associationId
ec2 subnet AWS::EC2::Subnet subnetId
ec2 vpc AWS::EC2::VPC vpcId
lambda function AWS::Lambda::Function functionName functionArn
lambda layer AWS::Lambda::LayerVersion layerName
lambda event-source-mapping AWS::Lambda::EventSourceMapping =uUID
kms key AWS::KMS::Key =keyId =targetKeyId kmsKeyId kMSKeyId
kms alias AWS::KMS::Alias =aliasName
secretsmanager secret AWS::SecretsManager::Secret secretId =name
ssm parameter AWS::SSM::Parameter =path
ssm document AWS::SSM::Document documentName
ssm maintenancewindow AWS::SSM::MaintenanceWindow =windowId
cloudtrail trail AWS::CloudTrail::Trail trailName trailARN =loggingId
cloudtrail eventdatastore AWS::CloudTrail::EventDataStore =eventDataStore
cloudtrail channel AWS::CloudTrail::Channel =channel
dynamodb table AWS::DynamoDB::Table =tableName =tableArn =globalTableName
rds db AWS::RDS::DBInstance dBInstanceIdentifier =dbInstanceId
rds cluster AWS::RDS::DBCluster dBClusterIdentifier =dbClusterId
rds snapshot AWS::RDS::DBSnapshot dBSnapshotIdentifier =dbSnapshotId
rds cluster-snapshot AWS::RDS::DBClusterSnapshot dBClusterSnapshotIdentifier
rds subgrp AWS::RDS::DBSubnetGroup dBSubnetGroupName
rds pg AWS::RDS::DBParameterGroup dBParameterGroupName
rds cluster-pg AWS::RDS::DBClusterParameterGroup dBClusterParameterGroupName
rds db-proxy AWS::RDS::DBProxy =dBProxyName
rds secgrp AWS::RDS::DBSecurityGroup dBSecurityGroupName
redshift cluster AWS::Redshift::Cluster =clusterIdentifier
redshift snapshot - =snapshotIdentifier
sqs queue AWS::SQS::Queue queueUrl queueName
sns topic AWS::SNS::Topic topicArn
sns subscription AWS::SNS::Subscription =subscriptionArn
ecs service AWS::ECS::Service =service =serviceName
ecs task - =task
ecs task-definition AWS::ECS::TaskDefinition =taskDefinition =family
ecs capacity-provider AWS::ECS::CapacityProvider =capacityProvider
ecs container-instance - =containerInstance
ecs cluster AWS::ECS::Cluster =cluster =clusterName
eks cluster AWS::EKS::Cluster =name =clusterName
eks nodegroup AWS::EKS::Nodegroup =nodegroupName
eks cluster-access-policy - =policyArn
cloudshell environment - =environmentId
cloud9 environment AWS::Cloud9::EnvironmentEC2 =environmentId
elasticmapreduce cluster AWS::EMR::Cluster =jobFlowId =clusterId =resourceId
servicequotas quota - =quotaCode =quotaName
aws-marketplace product - =productId
agreement-marketplace agreement - =agreementId =agreementRequestId
metering-marketplace product - =productCode
connect instance AWS::Connect::Instance =instanceId
airflow environment AWS::MWAA::Environment =name
codeartifact package - =package
codeartifact repository AWS::CodeArtifact::Repository =repository
codeartifact domain AWS::CodeArtifact::Domain =domain
dlm policy AWS::DLM::LifecyclePolicy =policyId
grafana workspace AWS::Grafana::Workspace =workspaceId =giraffeWorkspaceId
opsworks instance AWS::OpsWorks::Instance =instanceId
servicediscovery instance AWS::ServiceDiscovery::Instance =instanceId
ecr repository AWS::ECR::Repository =repositoryName
codecommit repository AWS::CodeCommit::Repository =repositoryName
codebuild project AWS::CodeBuild::Project projectName
codebuild sandbox - =sandboxId
codepipeline pipeline AWS::CodePipeline::Pipeline =pipelineName =name
cloudformation stack AWS::CloudFormation::Stack =stackName =stackId
cloudformation stackset AWS::CloudFormation::StackSet =stackSetName
logs log-group AWS::Logs::LogGroup logGroupName logGroupIdentifier
logs destination AWS::Logs::Destination =destinationName
cloudwatch alarm AWS::CloudWatch::Alarm =alarmName
cloudwatch dashboard AWS::CloudWatch::Dashboard =dashboardName
events rule AWS::Events::Rule =rule
events event-bus AWS::Events::EventBus =eventBusName
states stateMachine AWS::StepFunctions::StateMachine stateMachineArn
states execution - =executionArn
guardduty detector AWS::GuardDuty::Detector detectorId
guardduty account - =accountId
securityhub hub AWS::SecurityHub::Hub =hubArn
securityhub account - =accountId
macie2 account - =accountId
inspector2 account - =accountId
securitylake account - =accountId
fms account - =adminAccount
config account - =authorizedAccountId =requesterAccountId
access-analyzer analyzer AWS::AccessAnalyzer::Analyzer analyzerName =analyzerArn
config config-rule AWS::Config::ConfigRule =configRuleName
config configuration-recorder AWS::Config::ConfigurationRecorder =configurationRecorderName
config delivery-channel AWS::Config::DeliveryChannel =deliveryChannelName
organizations account AWS::Organizations::Account =accountId =target adminAccountId delegatedAdminAccountId memberAccountId
organizations account AWS::Organizations::Account =accountName
organizations target - =targetId
organizations ou AWS::Organizations::OrganizationalUnit =organizationalUnitId
organizations policy AWS::Organizations::Policy =policyId
organizations handshake - =handshakeId
organizations service - =servicePrincipal
account account AWS::Organizations::Account =accountId
account region - =regionName
account alternate-contact - =alternateContactType
controltower guardrail - =guardrailId
controltower account AWS::Organizations::Account =accountId
controltower ou AWS::Organizations::OrganizationalUnit =organizationalUnitId
sso permissionSet AWS::SSO::PermissionSet =permissionSetArn
sso role - =role_name
sso account - =targetId =account_id
sso client - =clientId
identitystore user AWS::IdentityStore::User =userId
identitystore group AWS::IdentityStore::Group =groupId
route53 hostedzone AWS::Route53::HostedZone hostedZoneId
route53 healthcheck AWS::Route53::HealthCheck =healthCheckId
route53domains domain - =domainName
cloudfront distribution AWS::CloudFront::Distribution distributionId
apigateway restapi AWS::ApiGateway::RestApi =restApiId
apigateway apikey AWS::ApiGateway::ApiKey =apiKey
apigateway api AWS::ApiGatewayV2::Api =apiId
appsync apis AWS::AppSync::GraphQLApi =apiId
directconnect dxvif - =virtualInterfaceId
directconnect dxcon - =connectionId
elasticloadbalancing loadbalancer AWS::ElasticLoadBalancingV2::LoadBalancer loadBalancerName loadBalancerArn
lightsail loadbalancer AWS::Lightsail::LoadBalancer =loadBalancerName
lightsail instance AWS::Lightsail::Instance =instanceName
elasticloadbalancing targetgroup AWS::ElasticLoadBalancingV2::TargetGroup targetGroupArn targetGroupName
autoscaling auto-scaling-group AWS::AutoScaling::AutoScalingGroup autoScalingGroupName
autoscaling launch-configuration AWS::AutoScaling::LaunchConfiguration launchConfigurationName
elasticfilesystem file-system AWS::EFS::FileSystem fileSystemId
fsx file-system AWS::FSx::FileSystem =fileSystemId
fsx volume AWS::FSx::Volume =volumeId
fsx snapshot AWS::FSx::Snapshot =snapshotId
kinesis stream AWS::Kinesis::Stream =streamName =streamARN
firehose deliverystream AWS::KinesisFirehose::DeliveryStream =deliveryStreamName
glue job AWS::Glue::Job =jobName
glue crawler AWS::Glue::Crawler =crawlerName
glue table AWS::Glue::Table =tableName
glue database AWS::Glue::Database =databaseName
glue schema AWS::Glue::Schema =schemaName
lakeformation table AWS::Glue::Table =table =tableWithColumns =tableName
lakeformation database AWS::Glue::Database =database =databaseName
cassandra table AWS::Cassandra::Table =tableName
cassandra keyspace AWS::Cassandra::Keyspace =keyspaceName
iot role-alias AWS::IoT::RoleAlias =roleAlias
athena workgroup AWS::Athena::WorkGroup =workGroup
batch job-queue AWS::Batch::JobQueue =jobQueue
batch compute-environment AWS::Batch::ComputeEnvironment =computeEnvironment
batch job-definition AWS::Batch::JobDefinition =jobDefinition
sagemaker notebook-instance AWS::SageMaker::NotebookInstance notebookInstanceName
sagemaker domain AWS::SageMaker::Domain =domainId
bedrock model - modelId
aws-mcp tool - =method
cognito-idp userpool AWS::Cognito::UserPool userPoolId
cognito-idp client AWS::Cognito::UserPoolClient =clientId
cognito-identity identity - =identityId
cognito-identity identitypool AWS::Cognito::IdentityPool identityPoolId =identityPoolName
backup recovery-point - recoveryPointArn
backup backup-vault AWS::Backup::BackupVault backupVaultName
ses identity AWS::SES::EmailIdentity =identity =identities =emailIdentity =emailAddress =domain
workspaces workspace AWS::WorkSpaces::Workspace =workspaceId
workmail user - =userId =entityId
workmail organization - =organizationId
ds directory - =directoryId
identitystore directory - =directoryId
acm certificate AWS::CertificateManager::Certificate certificateArn
wafv2 webacl AWS::WAFv2::WebACL webACLArn webACLId
rolesanywhere trust-anchor AWS::RolesAnywhere::TrustAnchor =trustAnchorId =trustAnchorArn
rolesanywhere profile AWS::RolesAnywhere::Profile =profileId =profileArn
"""

# Ids that EC2 hands out, by prefix. Source: EC2 User Guide, "Amazon EC2 resource IDs".
_ID_WORDS = {
    "i": "instance",
    "sg": "security-group",
    "snap": "snapshot",
    "ami": "image",
    "vol": "volume",
    "eni": "network-interface",
    "rtb": "route-table",
    "acl": "network-acl",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "vpce": "vpc-endpoint",
    "fl": "vpc-flow-log",
    "pcx": "vpc-peering-connection",
    "tgw": "transit-gateway",
    "eipalloc": "elastic-ip",
    "lt": "launch-template",
    "key": "key-pair",
    "subnet": "subnet",
    "vpc": "vpc",
}
_TELLING = re.compile(rf"({'|'.join(_ID_WORDS)})-(?:[0-9a-f]{{17}}|[0-9a-f]{{8}})|A[KS]IA[A-Z2-7]{{16}}")
_LONGEST_ID = 40
_OF_A_SOURCE = 940
_END = re.compile(r"(source|target|destination)(\w{5,})")  # of a copy: both are of one kind
_BUCKET = re.compile(r"\w+(?<!vector)(?<!table)bucketname|\w+s3bucket")  # outputBucketName
_ALIASES = {
    "monitoring": "cloudwatch",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "sso-directory": "identitystore",  # the console of Identity Center
}
_SUFFIX = re.compile(r"(name|id|arn|identifier)$")
# ARN words that differ from the word of the table, and services whose ARNs have none.
_ARN_WORDS = {
    "autoScalingGroup": "auto-scaling-group",
    "launchConfiguration": "launch-configuration",
    "ipset": "ip-set",
    "regexpatternset": "regex-pattern-set",
    "rulegroup": "rule-group",
}
_WORDLESS = {"sqs": "queue", "sns": "topic", "codecommit": "repository", "codepipeline": "pipeline"}
_WORD_AND_NAME = re.compile(r"([^/:]+)[/:](.*)", re.DOTALL)
_SECRET_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")


class Kind(NamedTuple):
    service: str
    word: str
    type: str | None
    rank: int = 999  # the smaller, the likelier the subject of the call
    stem: str = ""  # the parameter without Name, Id, Arn: what the API's noun is compared with


class Arn(NamedTuple):
    service: str
    account_id: str | None
    word: str
    name: str


def _read_table() -> tuple[dict[tuple[str, str], Kind], dict[tuple[str, str], str]]:
    parameters: dict[tuple[str, str], Kind] = {}
    types: dict[tuple[str, str], str] = {}
    for rank, line in enumerate(_TABLE.strip().splitlines()):
        service, word, type_name, *names = line.split()
        if type_name != "-":
            types[service, word] = type_name
        for name in names:
            key = name.removeprefix("=").lower()
            kind = Kind(service, word, None if type_name == "-" else type_name, rank, _SUFFIX.sub("", key))
            parameters.setdefault((service if name.startswith("=") else "", key), kind)
    return parameters, types


_PARAMETERS, _TYPES = _read_table()
_WORDS_OF_TYPES = {type_name: place for place, type_name in _TYPES.items()}


@lru_cache(maxsize=16_384)
def kind_of_parameter(service: str, parameter: str) -> Kind | None:
    """The kind of resource that a request parameter names, in any capitals, of one or of several."""
    key, service = parameter.lower(), _ALIASES.get(service, service)
    for spelling in (key, key.removesuffix("s"), key.removesuffix("set"), key.removesuffix("list")):
        kind = _PARAMETERS.get((service, spelling)) or _PARAMETERS.get(("", spelling))
        if kind:
            return kind
    end = _END.fullmatch(key)
    kind = kind_of_parameter(service, end[2]) if end else None
    if end and kind and kind.stem:
        return kind._replace(rank=_OF_A_SOURCE) if end[1] == "source" else kind
    return _PARAMETERS["", "bucketname"]._replace(rank=_OF_A_SOURCE) if _BUCKET.fullmatch(key) else None


def kind_of_value(value: str) -> Kind | None:
    """The kind of a value whose form alone tells: ids of EC2, access keys."""
    match = _TELLING.fullmatch(value) if len(value) < _LONGEST_ID else None
    if match is None:
        return None
    return kind_of_word("ec2", _ID_WORDS[match[1]]) if match[1] else kind_of_word("iam", "access-key")


@lru_cache(maxsize=4_096)
def kind_of_word(service: str, word: str) -> Kind:
    service = _ALIASES.get(service, service)
    return Kind(service, word, _TYPES.get((service, word)))


def kind_of_type(service: str, type_name: str | None) -> Kind | None:
    """The kind that a type beside an id tells: `Parameter` in SSM, `AWS::S3::Bucket` in Config, `IdentityStoreId`."""
    if type_name is None:
        return None
    place = _WORDS_OF_TYPES.get(type_name, (service, _SUFFIX.sub("", type_name.rpartition(":")[2].lower())))
    return kind_of_word(*place)


def read_arn(value: str) -> Arn | None:
    """The parts of an ARN of any partition, with the readable name; null when it is none or names nothing."""
    parts = value.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[1].startswith("aws") or not parts[5].strip("*/"):
        return None
    service, account_id = parts[2], parts[4] if len(parts[4]) == 12 and parts[4].isdecimal() else None
    if service == "s3" and not parts[4]:
        return Arn(service, None, "object" if "/" in parts[5] else "bucket", parts[5])
    if service in _WORDLESS and "/" not in parts[5]:
        return Arn(service, account_id, _WORDLESS[service], parts[5].partition(":")[0])
    if service == "execute-api":  # the API, then stage, method and path
        return Arn(service, account_id, "api", parts[5].partition("/")[0])
    # of a firewall its scope comes first, regional or global
    word, name = _split_resource(parts[5].partition("/")[2] if service == "wafv2" else parts[5])
    return Arn(service, account_id, _ARN_WORDS.get(word, word), plain_name(service, word, name)) if name else None


def _split_resource(resource: str) -> tuple[str, str]:
    match = _WORD_AND_NAME.match(resource.lstrip("/"))
    return (match[1], match[2].lstrip("*:").rstrip("*:/")) if match else ("", resource.strip("/"))


def plain_name(service: str, word: str, name: str) -> str:
    """The name people use, without path, version, stack id or the random end of a secret's ARN.

    The name of a parameter within others begins with a slash that its ARN lacks.
    """
    if service == "iam" and word != "oidc-provider":
        return name.rpartition("/")[2]
    if service == "elasticloadbalancing":
        parts = name.split("/")
        return parts[1] if len(parts) > 2 else parts[0]
    if service == "autoscaling":
        return name.rpartition("/")[2]
    if service in ("dynamodb", "wafv2") or (service == "cloudformation" and word != "type"):
        return name.partition("/")[0]
    if service in ("lambda", "logs"):
        return name.partition(":")[0]
    if service == "ssm" and word == "parameter" and "/" in name:
        return f"/{name.lstrip('/')}"
    return _SECRET_SUFFIX.sub("", name) if service == "secretsmanager" else name


def label(service: str, word: str, name: str) -> str:
    """How a resource is shown: s3://bucket/key, i-0abc, role/Admin."""
    if service == "s3" and word in ("bucket", "object"):
        return f"s3://{name}"
    if (service == "ec2" and word != "key-pair") or (service == "ssm" and word == "instance"):
        return name
    return f"{word}/{name.lstrip('/')}" if word else name
