# ruff: noqa: E501 one case a line reads best
"""What a record names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailquery.meaning.credentials import issued, requested_role_arn
from trailquery.meaning.identity import Identity
from trailquery.meaning.resources import MOST_RESOURCES, Resource, mentions, resources_named
from trailquery.meaning.storage import bucket, bytes_moved, object_key
from trailquery.meaning.target import target

ACCOUNT, OTHER = "111122223333", "444455556666"
GROUP = "sg-0123456789abcdef0"
ROLE = f"arn:aws:iam::{OTHER}:role/teams/ci/Deploy"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(ROLE) | st.just(GROUP),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["items", "userName", "ipPermissions", "credentials", "ARN", "key", "bucketName", "name"])
            | st.text(),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def named(service, api, request=None, response=None, resources=None, message=None):
    return resources_named(mentions(service, api, request, response, resources, message))


def test_an_id_of_whatever_thing_names_it_in_a_request_but_not_in_an_answer():
    assert named("newservice", "StartRun", {"bladeId": "b1"}, {"runnerId": "r1"}) == [
        Resource(None, "b1", None, None, "request.bladeId")
    ]


def test_a_file_system_is_of_the_service_that_was_called():
    kinds = [
        named(service, "DeleteFileSystem", {"fileSystemId": "fs-1"})[0].type for service in ("fsx", "elasticfilesystem")
    ]
    assert kinds == ["AWS::FSx::FileSystem", "AWS::EFS::FileSystem"]


def test_the_resource_list_may_spell_arn_in_three_ways_and_lack_type_and_account():
    listed = [
        {"ARN": "arn:aws:s3:::payroll", "accountId": ACCOUNT, "type": "AWS::S3::Bucket"},
        {"ARNPrefix": "arn:aws:s3:::payroll/2026/", "type": "AWS::S3::Object"},
        {"arn": f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/db"},
        {"type": "AWS::S3::Object"},
        {"ARN": "arn:aws:s3:::", "type": "AWS::S3::Bucket"},
        "no object",
    ]
    assert named("s3", "ListObjects", resources=listed) == [
        Resource("AWS::S3::Bucket", "payroll", "arn:aws:s3:::payroll", ACCOUNT, "resources"),
        Resource("AWS::S3::Object", "payroll/2026/", "arn:aws:s3:::payroll/2026/", None, "resources"),
        Resource("AWS::SSM::Parameter", "db", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/db", ACCOUNT, "resources"),
    ]
    found = mentions("s3", "ListObjects", None, None, listed, None)
    assert target("s3", "ListObjects", None, None, found, ACCOUNT) == "s3://payroll/2026/ and 1 more"


def test_what_the_resource_list_gives_an_id_for_an_arn_is_named_by_it():
    listed = [
        {"accountId": ACCOUNT, "arn": "d-9067642ac7", "type": "IdentityStoreId"},
        {"arn": "x" * 1_025, "type": "Y"},
    ]
    found = mentions("sso", "CreateToken", None, None, listed, None)
    assert resources_named(found) == [Resource("IdentityStoreId", "d-9067642ac7", None, ACCOUNT, "resources")]
    assert target("sso", "CreateToken", None, None, found, ACCOUNT) == "identitystore/d-9067642ac7"


def test_a_parameter_and_a_log_group_keep_the_slash_of_their_names_when_an_arn_names_them():
    parameter = f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/prod/db"
    assert named("ssm", "GetParameter", {"name": "/prod/db"}, resources=[{"ARN": parameter}]) == [
        Resource("AWS::SSM::Parameter", "/prod/db", parameter, ACCOUNT, "resources")
    ]
    group = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/web"
    assert named("logs", "StartLiveTail", {"logGroupIdentifiers": [group]}) == [
        Resource("AWS::Logs::LogGroup", "/aws/lambda/web", group, ACCOUNT, "request.logGroupIdentifiers")
    ]


def test_a_resource_named_twice_is_listed_once_with_its_arn():
    listed = [{"ARN": "arn:aws:s3:::payroll", "accountId": ACCOUNT}]
    assert named("s3", "PutBucketAcl", {"bucketName": "payroll"}, resources=listed) == [
        Resource("AWS::S3::Bucket", "payroll", "arn:aws:s3:::payroll", ACCOUNT, "resources")
    ]
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:pay"
    assert named("lambda", "CreateFunction", {"functionName": "pay"}, {"functionArn": arn}) == [
        Resource("AWS::Lambda::Function", "pay", arn, ACCOUNT, "request.functionName")
    ]


def test_parameters_of_many_shapes_name_their_resources():
    request = {
        "TerminateThingsRequest": {
            "InstanceId": {"tag": 1, "content": "i-0123456789abcdef0"},
            "subnetIds": ["subnet-0123456789abcdef0"],
            "iamInstanceProfile": {"arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/web"},
        }
    }
    found = [(one.type, one.name) for one in named("ec2", "TerminateThings", request)]
    assert found == [
        ("AWS::EC2::Instance", "i-0123456789abcdef0"),
        ("AWS::EC2::Subnet", "subnet-0123456789abcdef0"),
        ("AWS::IAM::InstanceProfile", "web"),
    ]


def test_an_access_key_handed_out_is_a_resource():
    response = {"accessKey": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "bob"}}
    assert named("iam", "CreateAccessKey", {"userName": "bob"}, response) == [
        Resource("AWS::IAM::User", "bob", None, None, "request.userName"),
        Resource("AWS::IAM::AccessKey", "AKIAIOSFODNN7EXAMPLE", None, None, "response.accessKey.accessKeyId"),
    ]


def test_hidden_values_and_endless_names_are_no_resources():
    request = {"userName": "HIDDEN_DUE_TO_SECURITY_REASONS", "roleName": "x" * 1025}
    assert named("iam", "CreateUser", request) == []


def test_a_place_in_s3_is_named_by_its_uri():
    request = {
        "resultConfiguration": {"outputLocation": "s3://results/u/"},
        "scripts": ["s3://code", "s3://", "s3:///x"],
    }
    assert named("athena", "StartQueryExecution", request) == [
        Resource("AWS::S3::Object", "results/u/", None, None, "request.resultConfiguration.outputLocation"),
        Resource("AWS::S3::Bucket", "code", None, None, "request.scripts"),
    ]


def test_the_list_of_resources_ends_at_its_limit():
    request = {"names": [f"/p/{number}" for number in range(MOST_RESOURCES + 5)]}
    assert len(named("ssm", "GetParameters", request)) == MOST_RESOURCES


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_arns_of_every_partition_are_read(partition):
    arn = f"arn:{partition}:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/Name"
    assert named("iam", "GetRole", {"x": arn}) == [Resource("AWS::IAM::Role", "Name", arn, ACCOUNT, "request.x")]


def test_an_invocation_arn_names_its_api_and_not_the_path():
    arn = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc123/*/POST/pets"
    found = named("lambda", "AddPermission", {"sourceArn": arn})
    assert found == [Resource(None, "abc123", arn, ACCOUNT, "request.sourceArn")]


@given(JSON, JSON, JSON, JSON, JSON, st.sampled_from([("ec2", "AuthorizeSecurityGroupIngress"), ("iam", "AttachUserPolicy"), ("s3", "GetObject"), ("sts", "AssumeRole"), ("rds", "ModifyDBSnapshotAttribute"), (None, 5)]))  # fmt: skip
def test_no_json_value_makes_resources_raise(request_, response, resources, message, details, call):
    for asked in (
        request_,
        {"filters": request_},
        {"filterSet": {"items": [{"name": "vpc-id", "valueSet": request_}]}},
    ):
        found = mentions(*call, asked, response, resources, message, details)
        shown = target(*call, asked, response, found, message)
        assert shown is None or isinstance(shown, str)
        for one in resources_named(found):
            assert isinstance(one.name, str)
    assert len(issued(f"{call[0]}:{call[1]}", "success", response, request_, Identity("IAMUser"), ACCOUNT)) == 3
    requested_role_arn(request_)
    bucket(call[0], request_, resources)
    object_key(call[0], request_)
    assert len(bytes_moved(request_, "success")) == 2
