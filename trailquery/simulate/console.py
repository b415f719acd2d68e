"""Pages of the console: each opens with a burst of calls, made with several keys of one sign-in."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.record import Template
from trailquery.simulate.s3 import NO_LOCK, bucket_call
from trailquery.simulate.services import S3_EXTRA

HEALTH = Template("health", "DescribeEventAggregates", version="1.08", read=True, request={"aggregateField": "eventTypeCategory", "filter": {"eventStatusCodes": ["open", "upcoming"]}})  # fmt: skip
DESCRIBED = {"maxResults": 1000, "filterSet": {}}
EC2 = (
    Template("ec2", "DescribeInstances", read=True, request={"maxResults": 100, "instancesSet": {}, "filterSet": {}}),
    Template("ec2", "DescribeRegions", read=True, request={"regionSet": {}, "allRegions": True}),
    Template("ec2", "DescribeSecurityGroups", read=True, request={"maxResults": 1000, "securityGroupSet": {}, "securityGroupIdSet": {}, "filterSet": {}}),
    Template("ec2", "DescribeInstanceStatus", read=True, request=DESCRIBED | {"instancesSet": {}, "includeAllInstances": True}),
    Template("ec2", "DescribeAvailabilityZones", read=True, request={"availabilityZoneSet": {}, "availabilityZoneIdSet": {}}),
    Template("ec2", "DescribeAccountAttributes", read=True, request={"accountAttributeNameSet": {}, "filterSet": {}}),
    Template("ec2", "DescribeVolumes", read=True, request=DESCRIBED | {"volumeSet": {}}),
    Template("ec2", "DescribeAddresses", read=True, request={"publicIpsSet": {}, "filterSet": {}, "allocationIdsSet": {}}),
    Template("ec2", "DescribeKeyPairs", read=True, request={"keySet": {}, "filterSet": {}}),
    Template("ec2", "DescribePlacementGroups", read=True, request={"filterSet": {}}),
    Template("ec2", "DescribeTags", read=True, request=DESCRIBED),
    Template("elasticloadbalancing", "DescribeLoadBalancers", read=True, request={"pageSize": 200}),
    Template("autoscaling", "DescribeAutoScalingGroups", read=True, request={"maxRecords": 100}),
    Template("monitoring", "DescribeAlarms", version="1.09", read=True, request={"maxRecords": 100}),
)  # fmt: skip
IAM = (
    Template("iam", "GetAccountSummary", read=True),
    Template("iam", "ListUsers", read=True, request={"maxItems": 1000}),
    Template("iam", "ListAccessKeys", read=True, request={"userName": "deploy2"}),
    Template("iam", "ListMFADevices", read=True, request={"userName": "deploy2"}),
    Template("iam", "GetLoginProfile", read=True, error=("NoSuchEntityException", "Login Profile for User deploy2 cannot be found."), request={"userName": "deploy2"}),
    Template("iam", "ListGroupsForUser", read=True, request={"userName": "deploy2"}),
    Template("iam", "ListSigningCertificates", read=True, request={"userName": "deploy2"}),
    Template("iam", "GetAccessKeyLastUsed", read=True, request={"accessKeyId": "AKIAIOSFODNN7EXAMPLE"}),
    Template("iam", "ListAccountAliases", read=True),
)  # fmt: skip
S3 = (
    Template("s3", "ListBuckets", read=True, request={"Host": "s3.us-east-1.amazonaws.com"}, additional=S3_EXTRA, request_id="$s3_request$", host="s3.us-east-1.amazonaws.com"),
    *(bucket_call(name, {part: ""}, read=True) for name, part in (("GetBucketLocation", "location"), ("GetBucketAcl", "acl"), ("GetBucketPolicyStatus", "policyStatus"), ("GetBucketPublicAccessBlock", "publicAccessBlock"), ("GetBucketVersioning", "versioning"), ("GetBucketEncryption", "encryption"), ("GetBucketLogging", "logging"), ("GetBucketTagging", "tagging"))),
    NO_LOCK,
    bucket_call("GetBucketWebsite", {"website": ""}, read=True, error=("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")),
)  # fmt: skip
RDS = (
    Template("rds", "DescribeDBInstances", read=True, request={"maxRecords": 100}),
    Template("rds", "DescribeDBClusters", read=True, request={"maxRecords": 100, "includeShared": True}),
    Template("rds", "DescribeDBSubnetGroups", read=True),
    Template("rds", "DescribeEvents", read=True, request={"duration": 1440}),
    Template("rds", "DescribePendingMaintenanceActions", read=True),
    Template("rds", "DescribeRecommendations", version="1.09", read=True),
)
HOME = (
    Template("cloudtrail", "DescribeTrails", read=True, request={"trailNameList": [], "includeShadowTrails": True}),
    Template("cloudtrail", "LookupEvents", read=True, request={"maxResults": 50, "lookupAttributes": [{"attributeKey": "ReadOnly", "attributeValue": "false"}]}),
    Template("ce", "GetCostAndUsage", version="1.08", read=True, error=("AccessDeniedException", "User: $arn$ is not authorized to perform: ce:GetCostAndUsage on resource: arn:aws:ce:us-east-1:$account$:/GetCostAndUsage because no identity-based policy allows the ce:GetCostAndUsage action")),
    Template("support", "DescribeTrustedAdvisorChecks", version="1.05", read=None, request={"language": "en"}),
    Template("notifications", "ListNotificationHubs", version="1.10", read=True),
    Template("resource-explorer-2", "ListIndexes", version="1.09", read=True),
)  # fmt: skip
FUNCTIONS = (
    Template("lambda", "ListFunctions20150331", read=True, request={"maxItems": 50}),
    Template("lambda", "GetAccountSettings20160819", read=True),
    Template("lambda", "GetFunction20150331v2", read=True, request={"functionName": "orders-intake"}),
    Template("lambda", "GetPolicy20150331v2", read=True, error=("ResourceNotFoundException", "The resource you requested does not exist."), request={"functionName": "orders-intake"}),
    Template("logs", "DescribeLogStreams", version="1.08", read=True, request={"logGroupName": "/aws/lambda/orders-intake", "orderBy": "LastEventTime", "descending": True}),
    Template("logs", "FilterLogEvents", version="1.08", read=True, request={"logGroupName": "/aws/lambda/orders-intake", "limit": 100}),
    Template("monitoring", "GetMetricData", version="1.09", category="Data", read=True, request={"maxDatapoints": 500}),
)  # fmt: skip
PAGES = (EC2, EC2, IAM, S3, S3, RDS, HOME, HOME, FUNCTIONS)
CHANGES = (
    Template("ec2", "CreateTags", request={"resourcesSet": {"items": [{"resourceId": "$instance$"}]}, "tagSet": {"items": [{"key": "Owner", "value": "platform"}]}}, response={"requestId": "$request_id$", "_return": True}),
    Template("ec2", "StartInstances", request={"instancesSet": {"items": [{"instanceId": "$instance$"}]}}, response={"requestId": "$request_id$", "instancesSet": {"items": [{"instanceId": "$instance$", "currentState": {"code": 0, "name": "pending"}, "previousState": {"code": 80, "name": "stopped"}}]}}),
    Template("ec2", "StopInstances", request={"instancesSet": {"items": [{"instanceId": "$instance$"}]}, "force": False}, response={"requestId": "$request_id$", "instancesSet": {"items": [{"instanceId": "$instance$", "currentState": {"code": 64, "name": "stopping"}, "previousState": {"code": 16, "name": "running"}}]}}),
    Template("monitoring", "PutDashboard", version="1.09", request={"dashboardName": "web", "dashboardBody": "***"}),
    Template("monitoring", "PutMetricAlarm", version="1.09", request={"alarmName": "web-5xx", "metricName": "HTTPCode_Target_5XX_Count", "namespace": "AWS/ApplicationELB", "period": 300, "evaluationPeriods": 2, "threshold": 5, "comparisonOperator": "GreaterThanThreshold", "statistic": "Sum"}),
    Template("rds", "StartDBInstance", request={"dBInstanceIdentifier": "staging"}, response={"dBInstanceIdentifier": "staging", "dBInstanceStatus": "starting", "engine": "postgres"}),
)  # fmt: skip
