"""The macros that every view and query can use."""

import json
from functools import cache
from typing import Any

import duckdb
import pytest

from trailquery.catalog import resource_dir
from trailquery.meaning.action import is_global_service


@cache
def macros() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute((resource_dir("sql") / "views" / "00_macros.sql").read_text(encoding="utf-8"))
    return connection


def macro(call: str, **params: Any) -> Any:
    return macros().execute(f"SELECT {call}", params).fetchall()[0][0]


PAIRS = {
    "AttachUserPolicy": "DetachUserPolicy",
    "AuthorizeSecurityGroupIngress": "RevokeSecurityGroupIngress",
    "CreateAccessKey": "DeleteAccessKey",
    "RunInstances": "TerminateInstances",
    "UpdateAssumeRolePolicy": "DeleteRole",
}


@pytest.mark.parametrize(("makes", "undoes"), PAIRS.items())
def test_what_is_made_and_undone_goes_by_one_name(makes: str, undoes: str) -> None:
    assert macro("made_thing($makes) = made_thing($undoes)", makes=makes, undoes=undoes)
    assert macro("[undoes($makes), undoes($undoes)]", makes=makes, undoes=undoes) == [False, True]
    assert macro("[makes($makes), makes($undoes)]", makes=makes, undoes=undoes) == [
        not makes.startswith("Update"),
        False,
    ]


@pytest.mark.parametrize(
    ("request_text", "said"),
    [('{"b": "of b", "a": null}', "of b"), ('{"b": 1, "a": ["of a"]}', '["of a"]'), ('{"c": 1}', None), (None, None)],
)
def test_the_first_path_at_which_a_request_says_anything_tells(request_text: str | None, said: str | None) -> None:
    assert macro("json_first($value, ['$.a', '$.b'])", value=request_text) == said


def test_resources_of_one_type_are_all_of_that_type_alone() -> None:
    machines = "[{'type': 'machine', 'name': 'a'}, {'type': 'disk', 'name': 'b'}, {'type': 'machine', 'name': 'c'}]"
    assert [one["name"] for one in macro(f"resources_of({machines}, 'machine')")] == ["a", "c"]


@pytest.mark.parametrize(
    ("address", "narrow", "wide"),
    [
        ("198.51.100.7", "198.51.100.0/24", "198.51.0.0/16"),
        ("2001:db8:1::9", "2001:db8:1::/48", "2001:db8::/32"),
        (None, None, None),
    ],
)
def test_the_block_of_an_address_is_its_leading_parts(
    address: str | None, narrow: str | None, wide: str | None
) -> None:
    assert macro("[address_block($address, 3), address_block($address, 2)]", address=address) == [narrow, wide]


@pytest.mark.parametrize(
    ("address", "network", "inside"),
    [
        ("198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.70", False),
        ("198.51.100.127", "198.51.100.99/25", True),
        ("198.51.100.128", "198.51.100.99/25", False),
        ("2001:db8::5", "2001:DB8:0:0:0:0:0:5", True),
        ("2001:db8:ffff::1", "2001:db8::/32", True),
        ("2001:db9::1", "2001:db8::/32", False),
        ("::cb00:7107", "203.0.113.7", False),
        ("cloudtrail.amazonaws.com", "0.0.0.0/0", None),
        (None, "0.0.0.0/0", None),
    ],
)
def test_an_address_is_in_a_network_when_its_leading_bits_are(
    address: str | None, network: str, inside: bool | None
) -> None:
    assert macro("in_network($address, $network)", address=address, network=network) is inside


@pytest.mark.parametrize(
    "text",
    [
        "",
        "evil' OR 1",
        "198.51.100.256",
        "198.51.100.0/33",
        "198.51.100.0/",
        "2001:db8::/129",
        "2001:db8::g",
        "1:2:3:4:5:6:7:8:9",
    ],
)
def test_text_that_is_no_network_is_an_error_and_not_an_empty_answer(text: str) -> None:
    with pytest.raises(duckdb.Error, match="is no address or CIDR such as"):
        macro("in_network('198.51.100.7', $text)", text=text)


@pytest.mark.parametrize(
    ("arn", "name", "same"),
    [
        ("arn:aws:s3:::payroll", "payroll", True),
        ("arn:aws:s3:::payroll/2026.csv", "payroll/2026.csv", True),
        ("arn:aws:s3:::payroll/2026.csv", "2026.csv", False),
        ("arn:aws:iam::111122223333:role/ci/Deploy", "Deploy", True),
        ("arn:aws:iam::444455556666:role/ci/Deploy", "Deploy", False),
        ("arn:aws:ssm:us-east-1:111122223333:parameter/prod/key", "/prod/key", True),
        ("arn:aws:ssm:us-east-1:111122223333:parameter/prod/key", "/test/prod/key", False),
        ("arn:aws:ssm:us-east-1:111122223333:parameter/key", "key", True),
        ("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf", "prod/db", True),
        ("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf", "prod/db-AbCdEf", True),
        ("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf", "db", False),
        ("arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/web:*", "/aws/lambda/web", True),
        ("arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/web", "/aws/lambda/web", True),
        ("arn:aws:ecr:us-east-1:111122223333:repository/team/web", "team/web", True),
        ("arn:aws:kms:us-east-1:111122223333:alias/prod/key", "prod/key", True),
        ("arn:aws:kms:us-east-1:444455556666:alias/prod/key", "prod/key", False),
        ("payroll", "payroll", False),
    ],
)
def test_an_arn_is_that_of_a_bare_name_in_its_own_account(arn: str, name: str, same: bool) -> None:
    assert macro("is_arn_of($arn, $name, NULL, '111122223333')", arn=arn, name=name) is same


@pytest.mark.parametrize(
    ("arn", "kind", "same"),
    [
        ("arn:aws:iam::111122223333:role/web", "AWS::IAM::Role", True),
        ("arn:aws:iam::111122223333:role/web", "AWS::Lambda::Function", False),
        ("arn:aws:ecr:us-east-1:111122223333:repository/web", "AWS::ECS::Cluster", False),
        ("arn:aws:states:us-east-1:111122223333:stateMachine:web", "AWS::StepFunctions::StateMachine", True),
        ("arn:aws:es:us-east-1:111122223333:domain/web", "AWS::OpenSearchService::Domain", True),
    ],
)
def test_an_arn_is_not_that_of_a_bare_name_of_another_service(arn: str, kind: str, same: bool) -> None:
    assert macro("is_arn_of($arn, 'web', $kind, '111122223333')", arn=arn, kind=kind) is same


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
@pytest.mark.parametrize(
    "service",
    ["iam", "sts", "signin", "route53", "route53domains", "organizations", "cloudfront", "ec2", "s3", "kms"],
)
def test_views_and_python_agree_on_the_global_services(service: str, region: str) -> None:
    in_python = is_global_service(f"{service}.amazonaws.com", region)
    assert macro("is_global_service($service, $region)", service=service, region=region) is in_python


ON, OFF = {"Status": "Enabled"}, {"Status": "Disabled"}
OLD = {"NoncurrentVersionExpiration": {"NoncurrentDays": 3}}


@pytest.mark.parametrize(
    ("rules", "days", "with_versions"),
    [
        (ON | {"Expiration": {"Days": 99}}, 99, 99),
        ([ON | {"Expiration": {"Days": 365}}, ON | {"Expiration": {"ExpiredObjectDeleteMarker": True, "Days": 7}}], 7, 7),
        (ON | {"Expiration": {"Date": "2024-03-02T00:00:00Z"}}, 1, 1),
        (ON | {"Expiration": {"Date": "2024-02-01T00:00:00.000Z"}}, -29, -29),
        (ON | {"Expiration": {"Days": 30}} | OLD, 30, 3),
        ([OFF | {"Expiration": {"Days": 1}} | OLD, ON | {"Expiration": {"Days": 90}}], 90, 90),
        (ON | {"Transition": {"Days": 30}}, None, None),
        (ON | {"Expiration": {"Days": "soon", "Date": ["soon"]}}, None, None),
        ([], None, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_objects_expire_by_the_soonest_rule_in_force(rules: Any, days: int | None, with_versions: int | None) -> None:
    told = json.dumps({"bucketName": "logs", "LifecycleConfiguration": {"Rule": rules}})
    at = "TIMESTAMP '2024-03-01 12:00:00'"
    assert macro(f"expires_in_days($told, {at}, FALSE)", told=told) == days
    assert macro(f"expires_in_days($told, {at}, TRUE)", told=told) == with_versions
