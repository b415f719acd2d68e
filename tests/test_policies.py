"""Policy documents: wherever they are sent, and what their statements say."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::payroll"}
OPEN = {**LIST, "Principal": "*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [OPEN]}
TEXT = json.dumps(DOCUMENT)
OWN, OTHER, THIRD = "111122223333", "444455556666", "777788889999"
ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}


def call(action: str, asked: Any, answered: Any = None, **changes: Any) -> dict[str, Any]:
    service, name = action.split(":")
    shape = {"requestParameters": asked, "responseElements": answered}
    return {"eventSource": f"{service}.amazonaws.com", "eventName": name, "readOnly": False, **shape, **changes}


def put(statement: Any, **changes: Any) -> dict[str, Any]:
    return call("s3:PutBucketPolicy", {"bucketName": "payroll", "bucketPolicy": {"Statement": statement}}, **changes)


def statements(lake: Lake, columns: str) -> list[tuple[Any, ...]]:
    found = lake.sql(f"SELECT {columns} FROM policy_statements ORDER BY event_id, statement_number")
    return [tuple(row.values()) for row in found.rows()]


SENT = {
    "user": (call("iam:PutUserPolicy", {"userName": "alice", "policyDocument": TEXT}), "identity"),
    "managed": (call("iam:CreatePolicy", {"policyName": "all", "policyDocument": TEXT}), "identity"),
    "version": (
        call("iam:CreatePolicyVersion", {"policyArn": f"arn:aws:iam::{OWN}:policy/all", "policyDocument": TEXT}),
        "identity",
    ),
    "url-encoded": (call("iam:PutRolePolicy", {"roleName": "web", "policyDocument": quote(TEXT)}), "identity"),
    "permission-set": (call("sso:PutInlinePolicyToPermissionSet", {"inlinePolicy": TEXT}), "identity"),
    "new-role": (call("iam:CreateRole", {"roleName": "web", "assumeRolePolicyDocument": TEXT}), "trust"),
    "trust": (call("iam:UpdateAssumeRolePolicy", {"roleName": "web", "policyDocument": TEXT}), "trust"),
    "bucket": (
        call("s3:PutBucketPolicy", {"bucketName": "payroll", "bucketPolicy": DOCUMENT, "policy": ""}),
        "resource",
    ),
    "bucket-text": (call("s3:PutBucketPolicy", {"bucketName": "payroll", "bucketPolicy": TEXT}), "resource"),
    "key": (call("kms:PutKeyPolicy", {"keyId": "k", "policyName": "default", "policy": TEXT}), "resource"),
    "new-key": (call("kms:CreateKey", {"policy": TEXT}), "resource"),
    "topic": (call("sns:SetTopicAttributes", {"attributeName": "Policy", "attributeValue": TEXT}), "resource"),
    "queue": (call("sqs:SetQueueAttributes", {"queueUrl": "q", "attributes": {"Policy": TEXT}}), "resource"),
    "repository": (call("ecr:SetRepositoryPolicy", {"repositoryName": "r", "policyText": TEXT}), "resource"),
    "secret": (call("secretsmanager:PutResourcePolicy", {"secretId": "s", "resourcePolicy": TEXT}), "resource"),
    "domain": (call("es:UpdateElasticsearchDomainConfig", {"accessPolicies": TEXT}), "resource"),
    "api": (call("apigateway:UpdateRestApi", {"patchOperations": [{"path": "/policy", "value": TEXT}]}), "resource"),
    "endpoint": (
        call("ec2:ModifyVpcEndpoint", {"ModifyVpcEndpointRequest": {"VpcEndpointId": "v", "PolicyDocument": TEXT}}),
        "resource",
    ),
    "session": (call("sts:AssumeRole", {"roleArn": "r", "policy": TEXT}, readOnly=True), "session"),
    "federation": (call("sts:GetFederationToken", {"name": "eve", "policy": TEXT}, readOnly=True), "session"),
    "profile": (call("rolesanywhere:CreateProfile", {"name": "p", "sessionPolicy": TEXT}), "session"),
    "scp": (call("organizations:CreatePolicy", {"type": "SERVICE_CONTROL_POLICY", "content": TEXT}), "scp"),
    "rcp": (call("organizations:CreatePolicy", {"type": "RESOURCE_CONTROL_POLICY", "content": TEXT}), "rcp"),
    "rcp-again": (
        call(
            "organizations:UpdatePolicy",
            {"policyId": "p-1", "content": TEXT},
            {"policy": {"policySummary": {"type": "RESOURCE_CONTROL_POLICY"}}},
        ),
        "rcp",
    ),
    "delegation": (call("organizations:PutResourcePolicy", {"content": TEXT}), "resource"),
}


def test_a_policy_is_found_by_whatever_parameter_it_was_sent(lake_of: LakeOf) -> None:
    lake = lake_of([changes | {"eventID": name} for name, (changes, _) in SENT.items()])
    found = statements(lake, "event_id, policy_kind, effect, actions, resource_arns, principals")
    said = ("Allow", ["s3:ListBucket"], ["arn:aws:s3:::payroll"], ["*"])
    assert found == [(name, SENT[name][1], *said) for name in sorted(SENT)]


NOT_SENT = {
    "read": call("iam:GetRolePolicy", {"roleName": "web"}, {"policyDocument": TEXT}, readOnly=True),
    "tried-out": call("iam:SimulateCustomPolicy", {"policyInputList": [TEXT]}, readOnly=None),
    "checked": call("access-analyzer:ValidatePolicy", {"policyDocument": TEXT}, readOnly=False),
    "other-statements": call("logs:PutDataProtectionPolicy", {"p": {"Statement": [{"Sid": "x", "Operation": {}}]}}),
    "words": call("ssm:PutParameter", {"value": "a Statement in words"}),
    "left-out": call("s3:PutBucketPolicy", {"omitted": True, "originalSize": 200000, "reason": "too large"}),
}


def test_a_policy_that_was_read_or_tried_out_was_not_sent(lake_of: LakeOf) -> None:
    lake = lake_of([changes | {"eventID": name} for name, changes in NOT_SENT.items()])
    assert statements(lake, "event_id") == []


def test_statement_action_and_principal_may_be_one_or_a_list(lake_of: LakeOf) -> None:
    principal = {"AWS": [OWN, f"arn:aws:iam::{OTHER}:root"], "Service": "ec2.amazonaws.com", "CanonicalUser": ["79a5"]}
    listed = [{"Sid": "first", "Effect": "Allow", "Principal": principal, "Action": ["s3:Get*", "s3:Put*"]}, LIST]
    lake = lake_of([put(OPEN, eventID="one"), put(listed, eventID="two")])
    assert statements(lake, "event_id, statement_number, sid, actions, principals, target") == [
        ("one", 1, None, ["s3:ListBucket"], ["*"], "s3://payroll"),
        (
            "two",
            1,
            "first",
            ["s3:Get*", "s3:Put*"],
            [OWN, f"arn:aws:iam::{OTHER}:root", "ec2.amazonaws.com", "79a5"],
            "s3://payroll",
        ),
        ("two", 2, None, ["s3:ListBucket"], [], "s3://payroll"),
    ]


def test_what_a_statement_excepts_is_kept_apart_from_what_it_names(lake_of: LakeOf) -> None:
    excepting = {"Effect": "Deny", "NotPrincipal": {"AWS": OWN}, "NotAction": "iam:*", "NotResource": ["a", "b"]}
    columns = "actions, not_actions, resource_arns, not_resources, principals, not_principals, is_public"
    assert statements(lake_of([put(excepting)]), columns) == [([], ["iam:*"], [], ["a", "b"], [], [OWN], False)]


PUBLIC = {
    "open": (OPEN, True),
    "any-aws": ({**LIST, "Principal": {"AWS": ["*"]}}, True),
    "all-but-one": ({**LIST, "NotPrincipal": {"AWS": OWN}}, True),
    "denied": ({**OPEN, "Effect": "Deny"}, False),
    "account": ({**LIST, "Principal": {"AWS": OTHER}}, False),
    "service": ({**LIST, "Principal": {"Service": "s3.amazonaws.com"}}, False),
    "organization": ({**OPEN, "Condition": ORGANIZATION}, False),
    "organization-path": (
        {**OPEN, "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-abcdefghij/r-1/*"]}}},
        False,
    ),
    "source-account": ({**OPEN, "Condition": {"StringEquals": {"AWS:SourceAccount": OWN}}}, False),
    "source-owner": ({**OPEN, "Condition": {"StringEquals": {"AWS:SourceOwner": OWN}}}, False),
    "source-bucket": ({**OPEN, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::payroll"}}}, False),
    "endpoint": ({**OPEN, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}, False),
    "office": ({**OPEN, "Condition": {"IpAddress": {"aws:SourceIp": ["198.51.100.0/24"]}}}, False),
    "two-conditions": ({**OPEN, "Condition": {"Bool": {"aws:SecureTransport": "true"}, **ORGANIZATION}}, False),
    "whole-internet": ({**OPEN, "Condition": {"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "0.0.0.0/0"]}}}, True),
    "any-organization": ({**OPEN, "Condition": {"StringLike": {"aws:PrincipalOrgID": "*"}}}, True),
    "any-bucket": ({**OPEN, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}}, True),
    "outside": ({**OPEN, "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}}, True),
    "if-exists": ({**OPEN, "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abcdefghij"}}}, True),
    "referer": ({**OPEN, "Condition": {"StringEquals": {"aws:Referer": "https://example.com"}}}, True),
    "encrypted": ({**OPEN, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
    "mounted": ({**OPEN, "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}}, False),
    "not-mounted": ({**OPEN, "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "false"}}}, True),
    "odd-condition": ({**OPEN, "Condition": ["aws:PrincipalOrgID"]}, True),
}


def test_a_statement_is_public_unless_a_condition_says_who_may(lake_of: LakeOf) -> None:
    lake = lake_of([put(statement, eventID=name) for name, (statement, _) in PUBLIC.items()])
    found = dict(statements(lake, "event_id, is_public"))
    assert found == {name: is_public for name, (_, is_public) in PUBLIC.items()}


def test_a_policy_that_only_filters_makes_nothing_public(lake_of: LakeOf) -> None:
    lake = lake_of([SENT[name][0] | {"eventID": name} for name in ("scp", "rcp", "endpoint", "user", "trust")])
    filtering = [("endpoint", False), ("rcp", False), ("scp", False)]
    assert statements(lake, "event_id, is_public") == [*filtering, ("trust", True), ("user", False)]


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ALL_OF_IAM = {**EVERYTHING, "Action": "IAM:*"}
ALL_BUT_A_BUCKET = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::web"}
ALL_BUT_BILLING = {"Effect": "Allow", "NotAction": "aws-portal:*", "Resource": "*"}
ADMIN: dict[str, tuple[dict[str, Any], bool, bool]] = {  # of everything, of IAM
    "all": (EVERYTHING, True, True),
    "all-in-lists": ({"Effect": "Allow", "Action": ["s3:*", "*:*"], "Resource": ["*"]}, True, True),
    "with-mfa": ({**EVERYTHING, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}, True, True),
    "denied": ({**EVERYTHING, "Effect": "Deny"}, False, False),
    "one-bucket": ({**EVERYTHING, "Resource": "arn:aws:s3:::payroll"}, False, False),
    "all-of-iam": (ALL_OF_IAM, False, True),
    "all-of-iam-by-arn": ({**ALL_OF_IAM, "Resource": "arn:aws:iam::*"}, False, True),
    "iam-of-one-user": ({**ALL_OF_IAM, "Resource": "arn:aws:iam::111122223333:user/eve"}, False, False),
    "iam-read": ({**EVERYTHING, "Action": "iam:Get*"}, False, False),
    "another-service": ({**EVERYTHING, "Action": "s3:*"}, False, False),
    "all-but-billing": (ALL_BUT_BILLING, False, True),
    "all-but-iam": ({**ALL_BUT_BILLING, "NotAction": ["aws-portal:*", "iam:*"]}, False, False),
    "all-but-a-bucket": (ALL_BUT_A_BUCKET, False, True),
    "all-but-roles": ({**ALL_BUT_A_BUCKET, "NotResource": ["a", "arn:aws:iam::111122223333:role/*"]}, False, False),
    "all-but-everywhere": ({**ALL_BUT_A_BUCKET, "NotResource": "*"}, False, False),
    "all-but-all": ({**ALL_BUT_BILLING, "NotAction": "*"}, False, False),
}


def test_admin_is_every_action_on_every_resource_and_of_iam_all_of_iam(lake_of: LakeOf) -> None:
    def inline(statement: dict[str, Any], name: str) -> dict[str, Any]:
        asked = {"userName": "alice", "policyDocument": json.dumps({"Statement": statement})}
        return call("iam:PutUserPolicy", asked, eventID=name)

    lake = lake_of([inline(statement, name) for name, (statement, *_) in ADMIN.items()])
    told = lake.sql("SELECT event_id, is_admin, is_iam_admin FROM policy_statements").rows()
    assert {row.pop("event_id"): [*row.values()] for row in told} == {name: is_ for name, (_, *is_) in ADMIN.items()}


def test_a_service_control_policy_that_allows_all_makes_no_admin(lake_of: LakeOf) -> None:
    content = json.dumps({"Statement": EVERYTHING})
    lake = lake_of([call("organizations:CreatePolicy", {"type": "SERVICE_CONTROL_POLICY", "content": content})])
    assert lake.sql("SELECT policy_kind, is_admin, is_iam_admin FROM policy_statements").rows() == [
        {"policy_kind": "scp", "is_admin": False, "is_iam_admin": False}
    ]


def test_external_accounts_are_those_of_the_principals_but_not_the_own(lake_of: LakeOf) -> None:
    named = [
        OWN,
        f"arn:aws:iam::{OWN}:root",
        THIRD,
        f"arn:aws:sts::{OTHER}:assumed-role/a/b",
        f"arn:aws:iam::{OTHER}:root",
    ]
    federated = {"AWS": named, "Federated": "arn:aws:iam::222233334444:saml-provider/x", "Service": "s3.amazonaws.com"}
    assert statements(lake_of([put({**LIST, "Principal": federated})]), "external_accounts") == [
        (["222233334444", OTHER, THIRD],)
    ]


GRANTED = json.dumps(
    {"Sid": "s", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "f"}
)
GRANTS = {
    "answered": call("lambda:AddPermission20150331v2", {"principal": OTHER}, {"statement": GRANTED}),
    "asked": call(
        "lambda:AddPermission20150331v2",
        {"action": "lambda:InvokeFunction", "functionName": "f", "principal": "*", "statementId": "s"},
    ),
    "by-bucket": call(
        "lambda:AddPermission20150331v2",
        {
            "action": "lambda:InvokeFunction",
            "functionName": "f",
            "principal": "*",
            "sourceAccount": OWN,
            "sourceArn": "arn:aws:s3:::payroll",
        },
    ),
    "layer": call(
        "lambda:AddLayerVersionPermission20181031",
        {"action": "lambda:GetLayerVersion", "layerName": "l", "principal": "*", "organizationId": "o-abcdefghij"},
    ),
    "queue": call("sqs:AddPermission", {"queueUrl": "q", "aWSAccountIds": [OTHER], "actions": ["*"], "label": "s"}),
    "refused": call("lambda:AddPermission20150331v2", None, errorCode="AccessDenied"),
    "topic": call("sns:AddPermission", {"topicArn": "t", "aWSAccountId": [OTHER], "actionName": ["Publish"]}),
}


def test_a_permission_granted_by_plain_parameters_is_a_statement(lake_of: LakeOf) -> None:
    narrowed = {"StringEquals": {"aws:SourceAccount": OWN}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::payroll"}}
    lake = lake_of([changes | {"eventID": name} for name, changes in GRANTS.items()])
    columns = "event_id, sid, actions, resource_arns, principals, conditions, is_public"
    found = [(*row[:5], json.loads(row[5] or "null"), row[6]) for row in statements(lake, columns)]
    invoke = ["lambda:InvokeFunction"]
    assert found == [
        ("answered", "s", invoke, ["f"], ["*"], None, True),
        ("asked", "s", invoke, ["f"], ["*"], None, True),
        ("by-bucket", None, invoke, ["f"], ["*"], narrowed, False),
        ("layer", None, ["lambda:GetLayerVersion"], ["l"], ["*"], ORGANIZATION, False),
        ("queue", "s", ["sqs:*"], ["q"], [OTHER], None, False),
        ("topic", None, ["sns:Publish"], ["t"], [OTHER], None, False),
    ]


def test_a_policy_that_was_refused_as_malformed_is_still_evidence(lake_of: LakeOf) -> None:
    guess = json.dumps({"Statement": {"Effect": "Deny", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:user/guess"}}})
    tried = call(
        "iam:UpdateAssumeRolePolicy",
        {"roleName": "web", "policyDocument": guess},
        errorCode="MalformedPolicyDocumentException",
        errorMessage="Invalid principal in policy",
    )
    assert statements(lake_of([tried]), "outcome, policy_kind, principals, external_accounts") == [
        ("error", "trust", [f"arn:aws:iam::{OTHER}:user/guess"], [OTHER])
    ]


def test_a_name_written_with_escapes_does_not_hide_a_policy(lake_of: LakeOf) -> None:
    hidden = json.dumps({"Statement": OPEN}).replace("Statement", "\\u0053tatement")
    lake = lake_of([call("iam:PutUserPolicy", {"userName": "alice", "policyDocument": hidden})])
    assert statements(lake, "actions") == [(["s3:ListBucket"],)]


ODD = [
    None,
    True,
    7,
    1e308,
    "",
    "[]",
    "{",
    "%7B%zz",
    '{"a":"\\ud800"}',
    [],
    [[]],
    {},
    {"*": {}},
    ["*", None, {}],
    {"AWS": [None, {}, 7]},
]
PARTS = ("Effect", "Action", "NotAction", "Resource", "Principal", "NotPrincipal", "Condition", "Sid")


def test_no_value_of_any_json_type_breaks_the_statements_of_others(lake_of: LakeOf) -> None:
    records = []
    for number, odd in enumerate(ODD):
        documents = [
            odd,
            {"Statement": odd},
            {"Statement": [odd, dict.fromkeys(PARTS, odd)]},
            {
                "Statement": {
                    "Effect": "Allow",
                    "Condition": {"StringEquals": odd, "StringLike": {"aws:SourceArn": odd}},
                }
            },
        ]
        for place, document in enumerate(documents):
            asked = {"policyDocument": document, "text": json.dumps(document), "Statement": odd, "statementId": odd}
            for action in ("iam:CreatePolicy", "lambda:AddPermission", "sns:AddPermission", "sts:AssumeRole"):
                answered = {"statement": document}
                records.append(call(action, asked, answered, eventID=f"{action}-{number}-{place}"))
                records.append(call(action, odd, odd, eventID=f"{action}-{number}-{place}-bare"))
    lake = lake_of([*records, put(OPEN, eventID="sound")])
    rows = lake.sql("SELECT * FROM policy_statements").rows()
    assert [row["is_public"] for row in rows if row["event_id"] == "sound"] == [True]


@pytest.mark.parametrize("as_text", [True, False])
def test_ten_thousand_statements_are_ten_thousand_rows(lake_of: LakeOf, as_text: bool) -> None:
    document = {"Statement": [{**LIST, "Sid": str(number)} for number in range(10_000)]}
    asked = {"bucketName": "payroll", "bucketPolicy": json.dumps(document) if as_text else document}
    lake = lake_of([call("s3:PutBucketPolicy", asked)])
    (row,) = lake.sql("SELECT count(*) AS rows, count(DISTINCT sid) AS sids FROM policy_statements").rows()
    assert row == {"rows": 10_000, "sids": 10_000}


def test_the_recorded_backdoors_are_found_by_typed_columns(shared_lake: Callable[[str], Lake]) -> None:
    sql = (
        "SELECT action, target, principals, is_public, external_accounts FROM policy_statements"
        " WHERE outcome = 'success' AND (is_public OR len(external_accounts) > 0) ORDER BY action"
    )
    other = ["193672423079"]
    assert [tuple(row.values()) for row in shared_lake("stratus").sql(sql).rows()] == [
        (
            "iam:UpdateAssumeRolePolicy",
            "role/stratus-red-team-backdoor-r-role",
            [f"arn:aws:iam::{other[0]}:root"],
            False,
            other,
        ),
        ("lambda:AddPermission", "function/stratus-red-team-backdoor-f-func +*", ["*"], True, []),
    ]
