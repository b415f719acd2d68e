"""What runs by itself: a group of machines that grows and shrinks, and a job that fails every half hour."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.organization import CLI, LOGS, PROD, Organization
from trailquery.simulate.record import Actor, Event, Template
from trailquery.simulate.services import linked_session

REGION, CRON_S, CRON_IP = "us-east-1", 1800, "203.0.113.88"
LINKED = "autoscaling", "AWSServiceRoleForAutoScaling", "AutoScaling"
LAUNCH = {"launchTemplateId": "lt-0d4b8f2c6a917e350", "version": "7"}
TAGS = {"items": [{"resourceType": "instance", "tags": [{"key": "aws:autoscaling:groupName", "value": "web"}, {"key": "Name", "value": "web"}]}]}  # fmt: skip
MACHINE = {"instanceId": "$machine$", "imageId": "ami-0b2c4d6e8f1a3c5e7", "currentInstanceBootMode": "uefi", "instanceState": {"code": 0, "name": "pending"}, "privateDnsName": "ip-10-20-3-41.ec2.internal", "amiLaunchIndex": 0, "productCodes": {}, "instanceType": "m7g.large", "launchTime": "$#launched$", "placement": {"availabilityZone": "$region$a", "tenancy": "default"}, "monitoring": {"state": "disabled"}, "subnetId": "subnet-0a41d2f6c8e97b035", "vpcId": "vpc-0c7de0a3fe4b19d26", "privateIpAddress": "10.20.3.41", "architecture": "arm64", "rootDeviceType": "ebs", "virtualizationType": "hvm", "hypervisor": "xen"}  # fmt: skip
GROWN = (
    Template("ec2", "RunInstances", request={"launchTemplate": LAUNCH, "instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]}, "blockDeviceMapping": {}, "availabilityZone": "$region$a", "monitoring": {"enabled": False}, "subnetId": "subnet-0a41d2f6c8e97b035", "disableApiTermination": False, "disableApiStop": False, "clientToken": "fleet-$uuid$-0", "tagSpecificationSet": TAGS}, response={"requestId": "$request_id$", "reservationId": "r-0$hex16$", "ownerId": "$account$", "groupSet": {}, "instancesSet": {"items": [MACHINE]}, "requesterId": "$account$"}),
    Template("ec2", "DescribeInstances", read=True, request={"instancesSet": {"items": [{"instanceId": "$machine$"}]}, "filterSet": {}}),
    Template("elasticloadbalancing", "RegisterTargets", request={"targetGroupArn": "arn:aws:elasticloadbalancing:$region$:$account$:targetgroup/web/5f1d6a0e9b7c4312", "targets": [{"id": "$machine$", "port": 8080}]}),
)  # fmt: skip
SHRUNK = (
    Template("elasticloadbalancing", "DeregisterTargets", request={"targetGroupArn": "arn:aws:elasticloadbalancing:$region$:$account$:targetgroup/web/5f1d6a0e9b7c4312", "targets": [{"id": "$machine$", "port": 8080}]}),
    Template("ec2", "TerminateInstances", request={"instancesSet": {"items": [{"instanceId": "$machine$"}]}}, response={"requestId": "$request_id$", "instancesSet": {"items": [{"instanceId": "$machine$", "currentState": {"code": 32, "name": "shutting-down"}, "previousState": {"code": 16, "name": "running"}}]}}),
)  # fmt: skip
CRON = Template("ssm", "GetParameter", read=True, error=("AccessDeniedException", "User: $arn$ is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:$region$:$account$:parameter/billing/export because no identity-based policy allows the ssm:GetParameter action"))  # fmt: skip


class Scaling:
    """The web group of prod: up to eight machines more than it always has."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.machines: list[str] = []

    def run(self, time: int) -> list[Event]:
        org = self.org
        actor = linked_session(org, PROD, LINKED, time // 3600)
        if org.random.random() * 8 >= len(self.machines):
            machine = f"i-0{org.random.getrandbits(64):016x}"
            calls: tuple[Template, ...] = GROWN
            self.machines.append(machine)
        else:
            machine, calls = self.machines.pop(0), SHRUNK
        holes = {"machine": machine, "launched": f"{time}000"}
        return [call.event(org.random, actor, time + 7 * n, REGION, **holes) for n, call in enumerate(calls)]


class Cron:
    """A server in the cellar whose job has lost its permission: it asks, is refused, and asks again."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.actor: Actor = org.user(LOGS, "billing-export", CRON_IP, CLI + "ssm.get-parameter")

    def run(self, time: int) -> Event:
        return CRON.event(self.org.random, self.actor, time, REGION)
