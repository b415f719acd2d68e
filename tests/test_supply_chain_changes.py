"""What others will build, start or run was changed: each call by its part in the chain, whoever of the users made it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "codebuild.amazonaws.com"}}


def call(action: str, name: str) -> dict[str, Any]:
    service, _, api = action.partition(":")
    return {"eventID": name, "readOnly": False, "eventSource": f"{service}.amazonaws.com", "eventName": api}


def told(lake: Lake) -> list[tuple[str, str]]:
    rows = lake.sql("SELECT event_id, part FROM supply_chain_changes ORDER BY event_id").rows()
    return [(row["event_id"], row["part"]) for row in rows]


@pytest.mark.parametrize(
    ("action", "part"),
    [
        ("codecommit:PutFile", "source"),
        ("codecommit:GitPush", "source"),
        ("codecommit:MergePullRequestBySquash", "source"),
        ("codebuild:ImportSourceCredentials", "source"),
        ("codebuild:UpdateProject", "build"),
        ("codepipeline:UpdatePipeline", "build"),
        ("ecr:PutImage", "image"),
        ("codeartifact:PublishPackageVersion", "image"),
        ("ec2:ImportImage", "image"),
        ("ec2:CreateRestoreImageTask", "image"),
        ("ec2:ModifyLaunchTemplate", "deployment"),
        ("ecs:UpdateService", "deployment"),
        ("ec2:DisableAllowedImagesSettings", "rule"),
        ("lambda:UpdateCodeSigningConfig", "rule"),
    ],
)
def test_a_call_is_of_its_part_of_the_chain_when_refused_as_well(lake_of: LakeOf, action: str, part: str) -> None:
    refused = {"errorCode": "AccessDenied"}
    lake = lake_of([call(action, "done"), call(action, "refused") | refused, call(action, "by-aws") | BY_AWS])
    assert told(lake) == [("done", part), ("refused", part)]


def test_other_calls_of_the_same_services_are_not(lake_of: LakeOf) -> None:
    others = ["ecr:BatchGetImage", "ec2:EnableAllowedImagesSettings", "codebuild:StartBuild", "lambda:PutImage"]
    before_a_push = call("codecommit:GitPush", "before-a-push") | {"readOnly": True}
    assert told(lake_of([*(call(action, action) for action in others), before_a_push])) == []


def test_changes_before_the_scope_are_there_to_compare_with(lake_of: LakeOf) -> None:
    lake = lake_of([call("ecr:PutImage", "pushed")]).narrowed(since=datetime(2024, 3, 2))  # noqa: DTZ001
    assert told(lake) == [("pushed", "image")]
