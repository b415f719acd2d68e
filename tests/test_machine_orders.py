"""Machines that were ordered: of which type, how many, how large, in every shape in which services record it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from callers import ALICE

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

RUN = {"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "readOnly": False}
ECS = RUN | {"eventSource": "ecs.amazonaws.com"}
LIGHTSAIL = RUN | {"eventSource": "lightsail.amazonaws.com", "eventName": "CreateInstances"}
NODES = RUN | {"eventSource": "eks.amazonaws.com", "eventName": "CreateNodegroup"}
TRAINING = RUN | {"eventSource": "sagemaker.amazonaws.com", "eventName": "CreateTrainingJob"}
GROUP = RUN | {"eventSource": "autoscaling.amazonaws.com", "eventName": "UpdateAutoScalingGroup"}
JOB_FLOW = RUN | {"eventSource": "elasticmapreduce.amazonaws.com", "eventName": "RunJobFlow"}
BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}}


def in_her_name(service: str) -> dict[str, Any]:
    """What a service calls for alice."""
    return {"userIdentity": ALICE | {"invokedBy": service}, "sourceIPAddress": service}


def asked(count: int, **request: Any) -> dict[str, Any]:
    return {"requestParameters": {"instancesSet": {"items": [{"minCount": 1, "maxCount": count}]}, **request}}


def answered(**instance: Any) -> dict[str, Any]:
    return {"responseElements": {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0", **instance}]}}}


TEMPLATE = {"launchTemplate": {"launchTemplateId": "lt-0123456789abcdef0"}}
SPOT = {"instanceCount": 3, "launchSpecification": {"instanceType": "c7i.xlarge"}}
TWO_TYPES = {"instanceTypes": ["p4d.24xlarge", "g5.xlarge"], "scalingConfig": {"minSize": 9, "desiredSize": 2}}
SPOT_FLEET = {"spotFleetRequestConfig": {"targetCapacity": 7, "launchSpecifications": [{"instanceType": "c5.9xlarge"}]}}
FLEET = {
    "CreateFleetRequest": {
        "LaunchTemplateConfigs": {"Overrides": {"InstanceType": "c5.4xlarge"}},
        "TargetCapacitySpecification": {"TotalTargetCapacity": 20},
    }
}
GROUPS = {
    "instanceGroups": [
        {"instanceRole": "MASTER", "instanceType": "m5.8xlarge", "instanceCount": 1},
        {"instanceRole": "CORE", "instanceType": "m5.8xlarge", "instanceCount": 30},
    ]
}
BIG = {"taskDefinition": "arn:aws:ecs:us-east-1:111122223333:task-definition/big:3", "desiredCount": 10}
WORKERS = {"instanceCount": 12, "masterInstanceType": "m5.xlarge", "slaveInstanceType": "c5.2xlarge"}
NAMED = {"instanceNames": ["proxy-1", "proxy-2"], "bundleId": "2xlarge_3_0"}
VARIANT = {"variantName": "all", "modelName": "m", "initialInstanceCount": 2, "instanceType": "ml.p4d.24xlarge"}
VARIANTS = {"requestParameters": {"endpointConfigName": "chat", "productionVariants": [VARIANT]}}
SPACE = {"appType": "JupyterLab", "jupyterLabAppSettings": {"defaultResourceSpec": {"instanceType": "ml.g5.48xlarge"}}}
NOTEBOOK = {"requestParameters": {"domainId": "d-a1b2c3d4e5f6", "spaceName": "lab", "spaceSettings": SPACE}}

ORDERS = {  # type, how many, virtual CPUs of all, accelerated
    "by-her-stack": (
        RUN | asked(2, instanceType="g5.12xlarge") | in_her_name("cloudformation.amazonaws.com"),
        ("g5.12xlarge", 2, 96, True),
    ),
    "accelerated": (RUN | asked(2, instanceType="g5.12xlarge"), ("g5.12xlarge", 2, 96, True)),
    "one-xlarge": (RUN | asked(1, instanceType="m7i.xlarge"), ("m7i.xlarge", 1, 4, False)),
    "small": (RUN | asked(3, instanceType="t3.large"), ("t3.large", 3, 6, False)),
    "metal": (RUN | asked(1, instanceType="m5.metal"), ("m5.metal", 1, 96, False)),
    "metal-of-a-size": (RUN | asked(1, instanceType="c7i.metal-48xl"), ("c7i.metal-48xl", 1, 192, False)),
    "metal-of-intel-6": (RUN | asked(2, instanceType="r6i.metal"), ("r6i.metal", 2, 256, False)),
    "metal-of-amd-6": (RUN | asked(1, instanceType="c6a.metal"), ("c6a.metal", 1, 192, False)),
    "metal-of-arm": (RUN | asked(1, instanceType="c6gd.metal"), ("c6gd.metal", 1, 64, False)),
    "metal-of-old": (RUN | asked(1, instanceType="i3.metal"), ("i3.metal", 1, 72, False)),
    "metal-of-apple": (RUN | asked(1, instanceType="mac2.metal"), ("mac2.metal", 1, 16, False)),
    "spot-fleet": (
        RUN | {"eventName": "RequestSpotFleet", "requestParameters": SPOT_FLEET},
        ("c5.9xlarge", 7, 252, False),
    ),
    "fleet": (RUN | {"eventName": "CreateFleet", "requestParameters": FLEET}, ("c5.4xlarge", 20, 320, False)),
    "group-grown": (GROUP | {"requestParameters": {"desiredCapacity": 200}}, (None, 200, 400, False)),
    "capacity-set": (
        GROUP | {"eventName": "SetDesiredCapacity", "requestParameters": {"desiredCapacity": 9}},
        (None, 9, 18, False),
    ),
    "nodes-grown": (
        NODES | {"eventName": "UpdateNodegroupConfig", "requestParameters": {"scalingConfig": {"desiredSize": 40}}},
        (None, 40, 80, False),
    ),
    "cluster-of-groups": (JOB_FLOW | {"requestParameters": {"instances": GROUPS}}, ("m5.8xlarge", 30, 960, False)),
    "cluster-of-workers": (JOB_FLOW | {"requestParameters": {"instances": WORKERS}}, ("c5.2xlarge", 12, 96, False)),
    "by-template": (RUN | asked(2, **TEMPLATE) | answered(instanceType="trn1.2xlarge"), ("trn1.2xlarge", 2, 16, True)),
    "by-template-refused": (RUN | asked(4, **TEMPLATE) | {"errorCode": "AccessDenied"}, (None, 4, 8, False)),
    "refused-without-a-request": (RUN | {"errorCode": "AccessDenied"}, (None, 1, 2, False)),
    "spot": (RUN | {"eventName": "RequestSpotInstances", "requestParameters": SPOT}, ("c7i.xlarge", 3, 12, False)),
    "tasks": (ECS | {"eventName": "RunTask", "requestParameters": {"count": 5}}, (None, 5, 10, False)),
    "task-of-a-size": (
        ECS | {"eventName": "RegisterTaskDefinition", "requestParameters": {"family": "big", "cpu": "16384"}},
        ("16384", 1, 16, False),
    ),
    "service-of-a-size": (ECS | {"eventName": "CreateService", "requestParameters": BIG}, ("16384", 10, 160, False)),
    "service": (ECS | {"eventName": "CreateService", "requestParameters": {"desiredCount": 2}}, (None, 2, 4, False)),
    "nodes-of-two-types": (NODES | {"requestParameters": TWO_TYPES}, ("p4d.24xlarge", 2, 192, True)),
    "training": (
        TRAINING | {"requestParameters": {"resourceConfig": {"instanceType": "ml.p3.8xlarge", "instanceCount": "2"}}},
        ("ml.p3.8xlarge", 2, 64, True),
    ),
    "endpoint": (TRAINING | {"eventName": "CreateEndpointConfig"} | VARIANTS, ("ml.p4d.24xlarge", 2, 192, True)),
    "studio": (TRAINING | {"eventName": "CreateSpace"} | NOTEBOOK, ("ml.g5.48xlarge", 1, 192, True)),
    "named-in-lightsail": (LIGHTSAIL | {"requestParameters": NAMED}, ("2xlarge_3_0", 2, 16, False)),
    "a-number-too-large": (RUN | asked(10**30, instanceType="t3.large"), ("t3.large", 100000000, 200000000, False)),
}
OTHERS = {
    "by-a-service-in-her-name": RUN | asked(1, instanceType="g5.12xlarge") | in_her_name("autoscaling.amazonaws.com"),
    "by-aws": RUN | asked(1, instanceType="g5.12xlarge") | BY_AWS,
    "group-changed": GROUP | {"requestParameters": {"healthCheckGracePeriod": 300}},
    "group-emptied": GROUP | {"requestParameters": {"desiredCapacity": 0}},
    "stopped": RUN | {"eventName": "StopInstances", "requestParameters": {"instanceType": "g5.12xlarge"}},
}


def test_each_order_tells_type_number_and_size_as_its_service_writes_them(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in ORDERS.items()} | OTHERS
    lake = lake_of([changes | {"eventID": name} for name, changes in told.items()])
    rows = lake.sql("SELECT event_id, instance_type, asked_for, vcpus, is_accelerated FROM machine_orders").rows()
    assert {row.pop("event_id"): tuple(row.values()) for row in rows} == {
        name: is_ for name, (_, is_) in ORDERS.items()
    }


def test_orders_before_the_scope_are_there_to_compare_with(lake_of: LakeOf) -> None:
    lake = lake_of([RUN | {"eventTime": "2024-03-01T10:00:00Z"}]).narrowed(since=datetime(2024, 3, 2))  # noqa: DTZ001
    assert lake.sql("SELECT count(*) AS orders FROM machine_orders").rows() == [{"orders": 1}]


def ordered(at: str, count: int, **changes: Any) -> dict[str, Any]:
    return RUN | {"eventTime": f"2024-03-{at}:00Z"} | asked(count, instanceType="g5.xlarge") | changes


LIMIT = {"errorCode": "Client.VcpuLimitExceeded"}
TRIED_AGAIN = {  # got such machines on an earlier day, repeats what was tried
    "in-vain": (ordered("01T10:00", 8, **LIMIT), (False, False)),
    "in-vain-for-fewer": (ordered("01T10:01", 4, **LIMIT), (False, True)),
    "in-vain-elsewhere": (ordered("01T10:02", 4, awsRegion="eu-west-1", **LIMIT), (False, False)),
    "got": (ordered("01T10:03", 1), (False, False)),
    "in-vain-next-day": (ordered("02T10:00", 8, **LIMIT), (True, False)),
    "got-next-day": (ordered("02T10:01", 1), (True, False)),
    "others-next-day": (
        RUN | {"eventTime": "2024-03-02T10:02:00Z"} | asked(1, instanceType="g5.large"),
        (False, False),
    ),
}


def test_what_the_identity_got_on_an_earlier_day_and_what_it_repeats_is_told(lake_of: LakeOf) -> None:
    lake = lake_of([changes | {"eventID": name} for name, (changes, _) in TRIED_AGAIN.items()])
    rows = lake.sql("SELECT event_id, got_before, is_repetition FROM machine_orders").rows()
    assert {row.pop("event_id"): tuple(row.values()) for row in rows} == {
        name: is_ for name, (_, is_) in TRIED_AGAIN.items()
    }


def test_an_order_tells_whether_it_names_a_miner(lake_of: LakeOf) -> None:
    images = {"xmrig/xmrig:latest": True, "web:1.4": False}
    tasks = [
        ECS | {"eventID": image, "eventName": "RegisterTaskDefinition", "requestParameters": {"image": image}}
        for image in images
    ]
    rows = lake_of([*tasks, RUN | {"eventID": "untold"}]).sql("SELECT event_id, names_miner FROM machine_orders").rows()
    assert {row["event_id"]: row["names_miner"] for row in rows} == images | {"untold": False}
