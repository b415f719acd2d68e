"""AWS calling itself: four fifths of what a trail records."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from functools import lru_cache

from trailquery.simulate.organization import ACCESS_LOGS, LOGS, ORG_BUCKET, PROD, PROD_BUCKET, Organization, role_arn
from trailquery.simulate.record import Actor, Event, Template, words_text

KEY = {"accountId": "$account$", "type": "AWS::KMS::Key", "ARN": "arn:aws:kms:$region$:$account$:key/$kms$"}
S3_EXTRA = {
    "SignatureVersion": "SigV4",
    "CipherSuite": "TLS_AES_128_GCM_SHA256",
    "bytesTransferredIn": 0.0,
    "AuthenticationMethod": "AuthHeader",
    "x-amz-id-2": "$s3_id2$",
    "bytesTransferredOut": "$#size$",
}
ROLE = {"accountId": "$account$", "type": "AWS::IAM::Role", "ARN": "$role$"}
CREDENTIALS = {"accessKeyId": "$key$", "sessionToken": "$token$", "expiration": "$expiration$"}

BUCKET_ACL = Template(
    "s3",
    "GetBucketAcl",
    read=True,
    request={"bucketName": "$bucket$", "Host": "$bucket$.s3.us-east-1.amazonaws.com", "acl": ""},
    additional=S3_EXTRA,
    resources=[{"accountId": "$account$", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::$bucket$"}],
    request_id="$s3_request$",
    shared=True,
)
PUT_LOG = Template(
    "s3",
    "PutObject",
    category="Data",
    request={
        "bucketName": ACCESS_LOGS,
        "Host": f"{ACCESS_LOGS}.s3.$region$.amazonaws.com",
        "x-amz-acl": "bucket-owner-full-control",
        "x-amz-server-side-encryption": "AES256",
        "key": "alb/AWSLogs/$account$/elasticloadbalancing/$region$/$log$",
    },
    response={"x-amz-server-side-encryption": "AES256"},
    additional=S3_EXTRA | {"bytesTransferredIn": "$#size$", "bytesTransferredOut": 0.0},
    resources=[
        {
            "type": "AWS::S3::Object",
            "ARN": f"arn:aws:s3:::{ACCESS_LOGS}/alb/AWSLogs/$account$/elasticloadbalancing/$region$/$log$",
        },
        {"accountId": "$account$", "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{ACCESS_LOGS}"},
    ],
    request_id="$s3_request$",
    shared=True,
)
DATA_KEY = Template(
    "kms",
    "GenerateDataKey",
    read=True,
    request={
        "keyId": "arn:aws:kms:$region$:$account$:key/$kms$",
        "encryptionContext": {
            "aws:cloudtrail:arn": "arn:aws:cloudtrail:us-east-1:$account$:trail/org-trail",
            "aws:s3:arn": f"arn:aws:s3:::{ORG_BUCKET}/AWSLogs/$account$/$hex16$",
        },
        "keySpec": "AES_256",
    },
    additional={"keyMaterialId": "$material$"},
    resources=[KEY],
    shared=True,
)
QUEUE_KEY = Template(
    "kms",
    "Decrypt",
    read=True,
    request={
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "encryptionContext": {"aws:sqs:arn": "arn:aws:sqs:$region$:$account$:orders"},
        "keyId": "arn:aws:kms:$region$:$account$:key/$kms$",
    },
    additional={"keyMaterialId": "$material$"},
    resources=[KEY],
    shared=True,
)
LAMBDA_KEY = Template(
    "kms",
    "Decrypt",
    read=True,
    request={
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "encryptionContext": {"aws:lambda:FunctionArn": "arn:aws:lambda:$region$:$account$:function:$function$"},
    },
    additional={"keyMaterialId": "$material$"},
    resources=[KEY],
)
SERVICE_ASSUMES = Template(
    "sts",
    "AssumeRole",
    version="1.08",
    read=True,
    request={"roleArn": "$role$", "roleSessionName": "$session$"},
    response={"credentials": CREDENTIALS},
    resources=[ROLE],
    shared=True,
)
LINKED = (
    ("config", "AWSServiceRoleForConfig", "AWSConfig-BucketConfigCheck"),
    ("config", "AWSServiceRoleForConfig", "configLambdaExecution"),
    ("autoscaling", "AWSServiceRoleForAutoScaling", "AutoScaling"),
    ("rds", "AWSServiceRoleForRDS", "SLRManagement"),
    ("elasticloadbalancing", "AWSServiceRoleForElasticLoadBalancing", "ElasticLoadBalancing"),
    ("access-analyzer", "AWSServiceRoleForAccessAnalyzer", "access-analyzer"),
    ("trustedadvisor", "AWSServiceRoleForTrustedAdvisor", "TrustedAdvisor_$account$"),
    ("guardduty", "AWSServiceRoleForAmazonGuardDuty", "GuardDuty"),
)
LINKED_CALLS = {
    "config": (
        Template("ec2", "DescribeSecurityGroups", read=True, request={"securityGroupSet": {}, "securityGroupIdSet": {}, "filterSet": {}}),
        Template("iam", "ListAttachedRolePolicies", read=True, request={"roleName": "web-server-role"}),
        Template("config", "PutEvaluations", request={"testMode": False, "evaluations": [{"complianceType": "COMPLIANT", "complianceResourceType": "AWS::EC2::Instance", "complianceResourceId": "i-0$hex16$"}], "resultToken": "***"}),
    ),
    "autoscaling": (
        Template("ec2", "DescribeInstanceStatus", read=True, request={"instancesSet": {"items": [{"instanceId": "$instance$"}]}, "filterSet": {}, "includeAllInstances": True}),
        Template("elasticloadbalancing", "DescribeTargetHealth", read=True, request={"targetGroupArn": "arn:aws:elasticloadbalancing:$region$:$account$:targetgroup/web/5f1d6a0e9b7c4312"}),
    ),
    "rds": (Template("ec2", "DescribeNetworkInterfaces", version="1.10", read=True, request={"networkInterfaceIdSet": {"items": [{"networkInterfaceId": "eni-0$hex16$"}]}, "filterSet": {}}),),
    "elasticloadbalancing": (Template("ec2", "DescribeSubnets", version="1.10", read=True, request={"subnetSet": {"items": [{"subnetId": "subnet-0a41d2f6c8e97b035"}]}, "filterSet": {}}),),
    "access-analyzer": (
        Template("sqs", "GetQueueAttributes", version="1.10", read=True, request={"queueUrl": "https://sqs.$region$.amazonaws.com/$account$/orders", "attributeNames": ["Policy"]}),
        Template("kms", "GetKeyPolicy", read=True, request={"keyId": "$kms$", "policyName": "default"}, resources=[KEY]),
    ),
    "trustedadvisor": (Template("cloudfront", "ListDistributions", version="1.08", read=True, error=("AccessDenied", "User: $arn$ is not authorized to perform: cloudfront:ListDistributions because no identity-based policy allows the cloudfront:ListDistributions action")),),
    "guardduty": (Template("ec2", "DescribeVpcEndpoints", version="1.10", read=True, request={"DescribeVpcEndpointsRequest": {"Filter": {"tag": 1, "Name": "service-name", "Value": {"tag": 1, "content": "com.amazonaws.$region$.guardduty-data"}}}}),),
}  # fmt: skip


@lru_cache(maxsize=256)
def service(org: Organization, account: str, name: str) -> Actor:
    return org.service(account, name)


@lru_cache(maxsize=512)
def linked_session(org: Organization, account: str, linked: tuple[str, str, str], hour: int) -> Actor:
    """The service-linked role's session of that hour; AWS opens and forwards it, no client is seen."""
    name, role, session = linked
    return org.role_session(
        account,
        f"aws-service-role/{name}.amazonaws.com/{role}",
        session.replace("$account$", account),
        org.id("ASIA", f"{account} {role} {session} {hour}"),
        hour * 3600 - 53,
        "",
        "",
        invoked_by=f"{name}.amazonaws.com",
    )


@lru_cache(maxsize=64)
def kms(org: Organization, account: str, region: str) -> dict[str, str]:
    """The one customer key of an account and region: its id and that of its material."""
    h = org.digest(f"kms {account} {region}", 64)
    return {"kms": f"{h[:8]}-{h[8:12]}-4{h[13:16]}-b{h[17:20]}-{h[20:32]}", "material": h[::-1]}


def log_bucket_checked(org: Organization, time: int) -> tuple[Event, ...]:
    """CloudTrail looks at the ACL of a bucket before it delivers."""
    account, bucket = org.pick(LOG_BUCKETS)
    return (BUCKET_ACL.event(org.random, service(org, account, "cloudtrail"), time, "us-east-1", bucket=bucket),)


def access_log_delivered(org: Organization, time: int) -> tuple[Event, ...]:
    region = "us-east-1"
    actor = service(org, PROD, "logdelivery.elasticloadbalancing")
    log = f"{PROD}_elasticloadbalancing_{region}_app.web.{org.random.getrandbits(64):016x}.log.gz"
    return (PUT_LOG.event(org.random, actor, time, region, log=log),)


def data_key_made(org: Organization, time: int) -> tuple[Event, ...]:
    account, region = org.account(), org.region()
    actor = service(org, account, "cloudtrail")
    return (DATA_KEY.event(org.random, actor, time, region, **kms(org, account, region)),)


def queue_decrypted(org: Organization, time: int) -> tuple[Event, ...]:
    account, region = org.account(), org.region()
    actor = service(org, account, org.pick(("sns", "events", "sqs")))
    return (QUEUE_KEY.event(org.random, actor, time, region, **kms(org, account, region)),)


def role_assumed_by_service(org: Organization, time: int) -> tuple[Event, ...]:
    """A service takes its linked role; nobody else sees the credentials."""
    account, region = org.account(), org.region()
    name, role, session = org.pick(LINKED)
    arn = role_arn(account, f"aws-service-role/{name}.amazonaws.com/{role}")
    holes = {"role": arn, "session": session.replace("$account$", account)}
    return (assumed_by(org, service(org, account, name), time, region, holes),)


def assumed_by(org: Organization, actor: Actor, time: int, region: str, holes: dict[str, str]) -> Event:
    """The record of a service's AssumeRole; `holes` are role and session, and key if it is used later."""
    return SERVICE_ASSUMES.event(org.random, actor, time, region, expiration=words_text(time + 3600), **holes)


def linked_role_called(org: Organization, time: int) -> tuple[Event, ...]:
    account, region, linked = org.account(), org.region(), org.pick(LINKED)
    actor = linked_session(org, account, linked, time // 3600)
    call = org.pick(LINKED_CALLS[linked[0]])
    instance = org.pick(org.instances[account])
    return (call.event(org.random, actor, time, region, instance=instance, **kms(org, account, region)),)


def function_environment_decrypted(org: Organization, time: int) -> tuple[Event, ...]:
    """Lambda decrypts the environment of a function it starts, with the function's role."""
    account, region = org.account(), org.region()
    function = org.pick(("orders-intake", "invoice-render", "image-resize"))
    actor = function_session(org, account, function, time // 7200)
    return (LAMBDA_KEY.event(org.random, actor, time, region, function=function, **kms(org, account, region)),)


@lru_cache(maxsize=64)
def function_session(org: Organization, account: str, function: str, slot: int) -> Actor:
    key = org.id("ASIA", f"{account} {function} forwarded {slot}")
    created = slot * 7200 - 11
    return org.role_session(
        account,
        f"service-role/{function}-role",
        function,
        key,
        created,
        "",
        "",
        invoked_by="lambda.amazonaws.com",
    )


LOG_BUCKETS = ((LOGS, ORG_BUCKET), (LOGS, ORG_BUCKET), (PROD, PROD_BUCKET))
SERVICE_CALLS = (
    (log_bucket_checked, 16),
    (access_log_delivered, 8),
    (data_key_made, 19),
    (queue_decrypted, 9),
    (role_assumed_by_service, 12),
    (linked_role_called, 10),
    (function_environment_decrypted, 6),
)
