"""What makes the obvious query on CloudTrail wrong: what was asked for, on what, and whether it worked."""

import json
from typing import Any
from urllib.parse import quote

from told import Told, told

Record = dict[str, Any]


def call(service: str, api: str, request: Record | None = None, **changes: Any) -> Record:
    source = {"eventSource": f"{service}.amazonaws.com", "eventName": api, "readOnly": False}
    return source | {"requestParameters": request} | changes


def refused(message: str, code: str = "AccessDenied", **changes: Any) -> Record:
    return {"errorCode": code, "errorMessage": message, **changes}


# ---- 27. every service names its things its own way


@told(
    bucket=call("s3", "DeleteBucket", {"bucketName": "logs"}),
    function=call("lambda", "DeleteFunction20150331", {"functionName": "clean"}),
    function_by_arn=call(
        "lambda", "DeleteFunction20150331", {"functionName": "arn:aws:lambda:us-east-1:111122223333:function:clean"}
    ),
    function_by_part=call("lambda", "DeleteFunction20150331", {"functionName": "111122223333:function:clean:PROD"}),
    group=call("ec2", "DeleteSecurityGroup", {"groupId": "sg-0123456789abcdef0"}),
    database=call("rds", "DeleteDBInstance", {"dBInstanceIdentifier": "orders"}),
    instance=call("ec2", "TerminateInstances", {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}),
    flow_log=call("ec2", "DeleteFlowLogs", {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-0123456789abcdef0"}}}),
    wrapped=call(
        "ec2", "ModifySecurityGroupRules",
        {"ModifySecurityGroupRulesRequest": {"GroupId": "sg-0123456789abcdef1", "SecurityGroupRule": {}}},
    ),
    tagged=call(
        "ec2", "CreateTags",
        {
            "resourcesSet": {"items": [{"resourceId": "i-0123456789abcdef1"}]},
            "tagSpecificationSet": {"items": [{"tags": [{"key": "like", "value": "i-0fedcba9876543210"}]}]},
        },
    ),
)  # fmt: skip
def test_whatever_parameter_names_a_resource_it_is_found_by_its_name(seen: Told) -> None:
    function = ("AWS::Lambda::Function", "clean", "function/clean")
    assert seen.each("resources[1].type, resources[1].name, target") == {
        "bucket": ("AWS::S3::Bucket", "logs", "s3://logs"),
        "function": function,
        "function_by_arn": function,
        "function_by_part": function,
        "group": ("AWS::EC2::SecurityGroup", "sg-0123456789abcdef0", "sg-0123456789abcdef0"),
        "database": ("AWS::RDS::DBInstance", "orders", "db/orders"),
        "instance": ("AWS::EC2::Instance", "i-0123456789abcdef0", "i-0123456789abcdef0"),
        "flow_log": ("AWS::EC2::FlowLog", "fl-0123456789abcdef0", "fl-0123456789abcdef0"),
        "wrapped": ("AWS::EC2::SecurityGroup", "sg-0123456789abcdef1", "sg-0123456789abcdef1"),
        "tagged": ("AWS::EC2::Instance", "i-0123456789abcdef1", "i-0123456789abcdef1"),
    }
    assert seen.found("len(resources) > 1") == set()
    assert seen.each("resources[1].via")["wrapped"] == "request.GroupId"


@told(
    hosted_page=call(
        "cognito-idp", "Login_POST",
        eventType="AwsServiceEvent",
        serviceEventDetails={"serviceAccountId": "111122223333"},
        additionalEventData={"userPoolId": "eu-west-1_Ab1Cd2Ef3"},
    ),
    person=call("cognito-idp", "ListUsers", eventType="AwsApiCall", additionalEventData={"userPoolId": "eu-west-1_Gh4"}),
)  # fmt: skip
def test_a_service_event_may_name_its_resource_beside_its_details_and_a_call_does_not(seen: Told) -> None:
    assert seen.each("target") == {"hosted_page": "userpool/eu-west-1_Ab1Cd2Ef3", "person": None}


# ---- 28. names of APIs


@told(
    create=call("lambda", "CreateFunction20150331"),
    permission=call("lambda", "AddPermission20150331v2"),
    update=call("lambda", "UpdateFunctionCode20150331v2"),
    publish=call("lambda", "PublishFunction2020_05_31"),
    plain=call("lambda", "CreateFunction"),
    model=call("sagemaker", "CreateModelPackage2"),
)
def test_an_api_is_found_by_its_name_whatever_version_cloudtrail_adds(seen: Told) -> None:
    wanted = "('CreateFunction', 'AddPermission', 'UpdateFunctionCode', 'PublishFunction')"
    assert seen.found(f"event_name IN {wanted}") == {"plain"}
    assert seen.found(f"api IN {wanted}") == {"create", "permission", "update", "publish", "plain"}
    assert seen.each("api")["model"] == "CreateModelPackage2"


@told(
    **{
        name: call("s3", name)
        for name in ("PutBucketLifecycle", "PutBucketEncryption", "GetBucketPublicAccessBlock", "ListBuckets")
    }
)
def test_an_event_keeps_the_name_of_cloudtrail_where_the_api_has_another(seen: Told) -> None:
    names = ("PutBucketLifecycle", "PutBucketEncryption", "GetBucketPublicAccessBlock", "ListBuckets")
    assert seen.each("api, action") == {name: (name, f"s3:{name}") for name in names}


ROLE = "arn:aws:iam::111122223333:role/Admin"


@told(
    function=call("lambda", "CreateFunction20150331", {"functionName": "f", "role": ROLE}),
    stack=call("cloudformation", "CreateStack", {"stackName": "s", "roleARN": ROLE}),
    task=call("ecs", "RegisterTaskDefinition", {"family": "t", "taskRoleArn": ROLE}),
    none=call("lambda", "CreateFunction20150331", {"functionName": "f"}),
)
def test_a_role_handed_to_a_service_is_read_from_the_request_since_pass_role_is_no_event(seen: Told) -> None:
    assert seen.each("requested_role_arn") == {"function": ROLE, "stack": ROLE, "task": ROLE, "none": None}


# ---- 29. security groups


OPEN = {
    "groupId": "sg-1",
    "ipPermissions": {},
    "ipProtocol": "tcp",
    "fromPort": 22,
    "toPort": 22,
    "cidrIp": "0.0.0.0/0",
}
IN = "AuthorizeSecurityGroupIngress"


def permission(**more: Any) -> Record:
    return {
        "groupId": "sg-1",
        "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, **more}]},
    }


RULE = {"CidrIpv4": "198.51.100.0/24", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
CHANGED = {"GroupId": "sg-1", "SecurityGroupRule": {"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": RULE}}
ANSWER = {"items": [{"groupId": "sg-1", "securityGroupRuleId": "sgr-3", "isEgress": False, "ipProtocol": "tcp",
                     "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0"}]}  # fmt: skip


@told(
    nested=call("ec2", IN, permission(ipRanges={"items": [{"cidrIp": "0.0.0.0/0"}]})),
    flat=call("ec2", IN, OPEN),
    ipv6=call("ec2", IN, permission(ipv6Ranges={"items": [{"cidrIpv6": "::/0"}]})),
    modified=call("ec2", "ModifySecurityGroupRules", {"ModifySecurityGroupRulesRequest": CHANGED}),
    by_id=call(
        "ec2", "RevokeSecurityGroupIngress",
        {"groupId": "sg-1", "securityGroupRuleIds": {"items": [{"securityGroupRuleId": "sgr-2"}]}},
    ),
    answered=call(
        "ec2", IN, permission(ipRanges={"items": [{"cidrIp": "0.0.0.0/0"}]}),
        responseElements={"securityGroupRuleSet": ANSWER},
    ),
)  # fmt: skip
def test_a_rule_of_a_security_group_is_one_row_in_whatever_shape_it_was_sent(seen: Told) -> None:
    columns = "change, rule_id, from_port, peer, is_world"
    assert seen.each(columns, "security_group_rule_changes") == {
        "nested": ("add", None, 443, "0.0.0.0/0", True),
        "flat": ("add", None, 22, "0.0.0.0/0", True),
        "ipv6": ("add", None, 443, "::/0", True),
        "modified": ("modify", "sgr-1", 22, "198.51.100.0/24", False),
        "by_id": ("remove", "sgr-2", None, None, False),
        "answered": ("add", "sgr-3", 443, "0.0.0.0/0", True),
    }
    first_range = "(request ->> '$.ipPermissions.items[0].ipRanges.items[0].cidrIp')"
    assert seen.found(f"{first_range} = '0.0.0.0/0'") == {"nested", "answered"}
    assert seen.each("target")["flat"] == "sg-1 +tcp/22 0.0.0.0/0"


# ---- 30. policies


def policy(principal: object, action: object) -> Record:
    statement = {"Effect": "Allow", "Action": action, "Resource": "a%2Fb", "Principal": principal}
    return {"Version": "2012-10-17", "Statement": statement}


ONE, LISTS = policy("*", "s3:GetObject"), policy({"AWS": ["*"]}, ["s3:GetObject"])
LISTS = LISTS | {"Statement": [LISTS["Statement"]]}


@told(
    as_object=call("s3", "PutBucketPolicy", {"bucketName": "b", "bucketPolicy": ONE}),
    as_text=call("sqs", "SetQueueAttributes", {"attributes": {"Policy": json.dumps(ONE)}}),
    url_encoded=call("sns", "SetTopicAttributes", {"attributeValue": quote(json.dumps(LISTS))}),
    lists=call("s3", "PutBucketPolicy", {"bucketName": "b", "bucketPolicy": LISTS}),
)
def test_a_policy_is_read_as_object_text_or_url_and_with_one_value_or_a_list(seen: Told) -> None:
    columns = "effect, actions, principals, resource_arns, is_public"
    sent = ("Allow", ["s3:GetObject"], ["*"], ["a%2Fb"], True)
    names = ("as_object", "as_text", "url_encoded", "lists")
    assert seen.each(columns, "policy_statements") == dict.fromkeys(names, sent)
    assert seen.found("(request ->> '$.bucketPolicy.Statement[0].Principal.AWS[0]') = '*'") == {"lists"}


def replication(rules: object) -> Record:
    configuration = {"Role": ROLE, "Rule": rules}
    return call("s3", "PutBucketReplication", {"bucketName": "b", "ReplicationConfiguration": configuration})


COPY_TO = {"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::elsewhere"}}


@told(one=replication(COPY_TO), several=replication([COPY_TO, COPY_TO]))
def test_one_rule_written_as_an_object_names_what_a_list_of_rules_names(seen: Told) -> None:
    named = ["Admin", "b", "elsewhere"]
    assert seen.each("list_sort(list_transform(resources, lambda r: r.name))") == {"one": named, "several": named}
    assert seen.found("(request ->> '$.ReplicationConfiguration.Rule[0].Status') IS NOT NULL") == {"several"}


# ---- 31. refusals without a request; resource lists


ON_ROLE = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: iam:GetRole on resource: role Admin"


@told(
    iam=call("iam", "GetRole", None, **refused(f"{ON_ROLE} because no identity-based policy allows it")),
    silent=call("iam", "GetRole", None, **refused("Access Denied")),
)
def test_a_refused_call_without_a_request_names_its_target_in_the_message(seen: Told) -> None:
    assert seen.each("request, target") == {"iam": (None, "role/Admin"), "silent": (None, None)}


LISTED = "arn:aws:s3:::logs"


@told(
    full={"resources": [{"ARN": LISTED, "accountId": "444455556666", "type": "AWS::S3::Bucket"}]},
    small={"resources": [{"arn": LISTED}]},
    prefix={"resources": [{"ARNPrefix": f"{LISTED}/"}]},
    missing=call("s3", "DeleteBucket", {"bucketName": "logs"}),
)
def test_a_resource_is_found_under_every_spelling_of_its_arn_and_without_a_list(seen: Told) -> None:
    assert seen.each("type, resource, owner_account_id, via", "resources") == {
        "full": ("AWS::S3::Bucket", "logs", "444455556666", "resources"),
        "small": ("AWS::S3::Bucket", "logs", None, "resources"),
        "prefix": ("AWS::S3::Object", "logs/", None, "resources"),
        "missing": ("AWS::S3::Bucket", "logs", None, "request.bucketName"),
    }


# ---- 32. objects


@told(
    one=call("s3", "GetObject", {"bucketName": "b", "key": "a folder/Ünïcode.csv"}),
    many=call("s3", "DeleteObjects", {"bucketName": "b", "delete": ""}),
)
def test_an_object_is_known_by_its_key_but_of_many_deleted_only_the_bucket_is(seen: Told) -> None:
    assert seen.each("bucket, object_key, target") == {
        "one": ("b", "a folder/Ünïcode.csv", "s3://b/a folder/Ünïcode.csv"),
        "many": ("b", None, "s3://b"),
    }


HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@told(
    command=call(
        "ssm", "SendCommand", {"documentName": HIDDEN, "instanceIds": ["i-0123456789abcdef0"], "parameters": HIDDEN}
    ),
    key=call("s3", "GetObject", {"bucketName": "b", "key": HIDDEN}),
)
def test_what_aws_hides_is_no_name(seen: Told) -> None:
    assert seen.each("resource", "resources") == {"command": "i-0123456789abcdef0", "key": "b"}
    assert seen.each("object_key") == {"command": None, "key": None}


# ---- 33. failed sign-ins


SIGN_IN = {"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn"}


@told(
    failed=SIGN_IN | {"responseElements": {"ConsoleLogin": "Failure"}, "errorMessage": "Failed authentication"},
    worked=SIGN_IN | {"responseElements": {"ConsoleLogin": "Success"}},
)
def test_a_failed_sign_in_has_no_error_code_of_its_own_and_is_a_failure(seen: Told) -> None:
    assert seen.found("(raw ->> '$.errorCode') IS NOT NULL") == set()
    assert seen.each("outcome, error_code, error_class") == {
        "failed": ("denied", "SigninFailure", "auth-failed"),
        "worked": ("success", None, None),
    }


# ---- 34. refusals by many names


DENIED_CODES = (
    "AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "UnauthorizedOperation",
    "UnauthorizedException", "VpceAccessDenied", "NotAuthorizedException", "Client.NotAuthorized",
)  # fmt: skip


@told(
    **{code: {"errorCode": code, "errorMessage": "no"} for code in DENIED_CODES},
    hidden=call(
        "lambda", "CreateFunction20150331",
        **refused("The role defined for the function cannot be assumed by Lambda.", "InvalidParameterValueException"),
    ),
    in_message=refused("User: x is not authorized to perform: s3:GetObject", "InvalidRequest"),
    missing=refused("The bucket does not exist", "NoSuchBucket"),
    malformed=refused("Value is not valid", "ValidationException"),
    slow=refused("Rate exceeded", "ThrottlingException"),
)  # fmt: skip
def test_a_refusal_is_denied_by_whatever_code_or_message(seen: Told) -> None:
    assert seen.found("error_code = 'AccessDenied'") == {"AccessDenied"}
    assert seen.found("error_class = 'denied'") == {*DENIED_CODES, "hidden", "in_message"}
    assert seen.found("outcome = 'denied'") == seen.found("error_class = 'denied'")
    others = {"missing": "not-found", "malformed": "invalid", "slow": "throttled"}
    assert {name: kind for name, kind in seen.each("error_class").items() if name in others} == others


# ---- 35. dry runs


@told(
    probe=call("ec2", "RunInstances", **refused("Request would have succeeded", "Client.DryRunOperation")),
    real=call("ec2", "RunInstances"),
)
def test_a_dry_run_is_neither_an_error_nor_a_change(seen: Told) -> None:
    assert seen.each("outcome, error_class") == {"probe": ("dry-run", "dry-run"), "real": ("success", None)}
    assert seen.found("outcome = 'error'") == set()
    assert seen.found("true", "changes") == {"real"}


# ---- 36. errors elsewhere, failures that matter


TRUST = json.dumps(policy({"AWS": "arn:aws:iam::444455556666:user/guess"}, "sts:AssumeRole"))


@told(
    inside={"responseElements": {"errorCode": "AccessDenied", "errorMessage": "no"}},
    reported={"responseElements": {"errorCode": "Expired", "items": []}},
    message_only={"errorMessage": "User x is not authorized to do that"},
    enumeration=call(
        "iam", "UpdateAssumeRolePolicy", {"roleName": "Probe", "policyDocument": TRUST},
        **refused("Invalid principal in policy", "MalformedPolicyDocumentException"),
    ),
    mining=call("ec2", "RunInstances", **refused("more vCPU than your limit", "Client.VcpuLimitExceeded")),
)  # fmt: skip
def test_an_error_inside_the_response_counts_and_a_failed_call_keeps_what_it_tried(seen: Told) -> None:
    assert seen.each("outcome, error_class") == {
        "inside": ("denied", "denied"),
        "reported": ("success", None),
        "message_only": ("denied", "denied"),
        "enumeration": ("error", "invalid"),
        "mining": ("error", "limit"),
    }
    tried = seen.each("outcome, external_accounts", "policy_statements")
    assert tried == {"enumeration": ("error", ["444455556666"])}


# ---- 37. why a call was refused


def because(reason: str) -> Record:
    what = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject"
    return refused(f'{what} on resource: "arn:aws:s3:::b/k" {reason}')


@told(
    identity=because("because no identity-based policy allows the s3:GetObject action"),
    resource=because("with an explicit deny in a resource-based policy"),
    boundary=because("because no permissions boundary allows the s3:GetObject action"),
    session=because("with an explicit deny in a session policy"),
    scp=because("with an explicit deny in a service control policy"),
    rcp=because("with an explicit deny in a resource control policy"),
    endpoint=because("because no VPC endpoint policy allows the s3:GetObject action"),
    encoded=refused(
        "You are not authorized to perform this operation. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q",
        "Client.UnauthorizedOperation",
    ),
    silent=refused("Access Denied"),
)
def test_the_message_of_a_refusal_says_which_policy_refused_what_on_what(seen: Told) -> None:
    what = ("s3:GetObject", "arn:aws:s3:::b/k")
    assert seen.each("denied_by, denied_action, denied_resource", "api_errors") == {
        "identity": ("missing-allow:identity", *what),
        "resource": ("explicit-deny:resource", *what),
        "boundary": ("permissions-boundary", *what),
        "session": ("session-policy", *what),
        "scp": ("scp", *what),
        "rcp": ("rcp", *what),
        "endpoint": ("vpc-endpoint", *what),
        "encoded": ("encoded", None, None),
        "silent": ("unstated", None, None),
    }
