"""Commands and shells on machines: which machines each call names."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

ONE, ANOTHER, NODE = "i-0123456789abcdef0", "i-0123456789abcdef1", "mi-0123456789abcdef0"
BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "ssm.amazonaws.com"}}
EVERY = {"targets": [{"key": "InstanceIds", "values": ["*"]}]}


def call(action: str, **asked: Any) -> dict[str, Any]:
    service, name = action.split(":")
    return {"eventSource": f"{service}.amazonaws.com", "eventName": name, "requestParameters": asked}


def command(**asked: Any) -> dict[str, Any]:
    return call("ssm:SendCommand", documentName="AWS-RunShellScript", **asked)


TOLD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "on-two": (command(instanceIds=[ONE, ANOTHER]), [ONE, ANOTHER]),
    "on-all": (command(**EVERY), ["*"]),
    "by-tag": (command(targets=[{"key": "tag:env", "values": ["prod"]}]), []),
    "refused": (command(instanceIds=[ONE]) | {"errorCode": "AccessDeniedException"}, [ONE]),
    "shell": (call("ssm:StartSession", target=NODE), [NODE]),
    "pushed-key": (call("ec2-instance-connect:SendSSHPublicKey", instanceId=ONE, instanceOSUser="root"), [ONE]),
    "in-a-container": (call("ecs:ExecuteCommand", cluster="web", task="0123456789abcdef0123456789abcdef"), []),
}
OTHERS = {
    "sent-by-aws": command(instanceIds=[ONE]) | BY_AWS,
    "looked-at": call("ssm:GetCommandInvocation", instanceId=ONE),
    "asked-about-all": call("ssm:ListCommandInvocations", **EVERY),
}


def test_each_call_tells_the_machines_it_names(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in TOLD.items()} | OTHERS
    lake = lake_of([changes | {"eventID": name} for name, changes in told.items()])
    rows = lake.sql("SELECT event_id, machines FROM machine_entries").rows()
    assert {row["event_id"]: row["machines"] for row in rows} == {name: is_ for name, (_, is_) in TOLD.items()}


def test_entries_before_the_scope_are_there_to_compare_with(lake_of: LakeOf) -> None:
    early = command(instanceIds=[ONE]) | {"eventTime": "2024-03-01T10:00:00Z"}
    lake = lake_of([early]).narrowed(since=datetime(2024, 3, 2))  # noqa: DTZ001
    assert lake.sql("SELECT machines FROM machine_entries").rows() == [{"machines": [ONE]}]


def test_an_actor_is_found_by_each_of_its_names(lake_of: LakeOf) -> None:
    role = {"type": "Role", "principalId": "AROAIOSFODNN7EXAMPLE", "accountId": "111122223333", "userName": "ops"}
    role["arn"] = "arn:aws:iam::111122223333:role/team/ops"
    session = {
        "type": "AssumedRole",
        "principalId": "AROAIOSFODNN7EXAMPLE:alice",
        "arn": "arn:aws:sts::111122223333:assumed-role/ops/alice",
        "accountId": "111122223333",
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {"sessionIssuer": role},
    }
    lake = lake_of([command(instanceIds=[ONE]) | {"userIdentity": session}])
    names = ["ops/alice", role["arn"], session["arn"], role["principalId"], session["principalId"], "ops", "bob"]
    assert [len(lake.run("remote_execution", actor=name)) for name in names] == [1, 1, 1, 1, 1, 1, 0]
