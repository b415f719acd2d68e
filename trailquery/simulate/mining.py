"""The story mining: a forgotten account's key orders machines in a region that nobody uses."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.machines import CALLER_IDENTITY
from trailquery.simulate.organization import CLI, LOGS, OFFICE_IP, OPT_IN, VPN_IP, Organization
from trailquery.simulate.people import BACKUP_STARTED, Person, console_session, signed_in
from trailquery.simulate.record import Actor, Template, time_text
from trailquery.simulate.story import PYTHON, Story, at, clocks, event_id, key_of, refused

MINER_IP = "198.51.100.90"
AMI = "ami-0f3c9a7be51d2e864"
REGIONS_LISTED = Template("ec2", "DescribeRegions", read=True, request={"regionSet": {}, "allRegions": True})
QUOTAS = Template("servicequotas", "ListServiceQuotas", version="1.08", read=True, request={"serviceCode": "ec2", "maxResults": 100})  # fmt: skip
RAISED = Template("servicequotas", "RequestServiceQuotaIncrease", version="1.08", request={"serviceCode": "ec2", "quotaCode": "L-3819A6DF", "desiredValue": 512}, response={"requestedQuota": {"id": "$hex32$", "serviceCode": "ec2", "serviceName": "Amazon Elastic Compute Cloud (Amazon EC2)", "quotaCode": "L-3819A6DF", "quotaName": "All G and VT Spot Instance Requests", "desiredValue": 512, "status": "PENDING", "created": "$created$", "requester": '{"accountId":"$account$","callerArn":"$arn$"}', "quotaArn": "arn:aws:servicequotas:$region$:$account$:ec2/L-3819A6DF", "globalQuota": False, "unit": "None"}})  # fmt: skip
WANTED = {"instancesSet": {"items": [{"imageId": AMI, "minCount": "$#count$", "maxCount": "$#count$", "keyName": "node"}]}, "userData": "<sensitiveDataRemoved>", "instanceType": "$type$", "blockDeviceMapping": {}, "monitoring": {"enabled": False}, "disableApiTermination": True, "disableApiStop": False, "instanceInitiatedShutdownBehavior": "terminate"}  # fmt: skip
PROBED = Template("ec2", "RunInstances", error=("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set."), request=WANTED)  # fmt: skip
LIMITED = Template("ec2", "RunInstances", error=("Client.VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."), request=WANTED)  # fmt: skip
NODE = {"instanceId": "$node$", "imageId": AMI, "currentInstanceBootMode": "uefi", "instanceState": {"code": 0, "name": "pending"}, "privateDnsName": "ip-172-31-18-44.$region$.compute.internal", "keyName": "node", "amiLaunchIndex": 0, "productCodes": {}, "instanceType": "$type$", "launchTime": "$#launched$", "placement": {"availabilityZone": "$region$a", "tenancy": "default"}, "monitoring": {"state": "disabled"}, "subnetId": "subnet-0$hex16$", "privateIpAddress": "172.31.18.44", "architecture": "x86_64", "rootDeviceType": "ebs", "virtualizationType": "hvm", "hypervisor": "xen"}  # fmt: skip
ORDERED = Template("ec2", "RunInstances", request=WANTED, response={"requestId": "$request_id$", "reservationId": "r-0$hex16$", "ownerId": "$account$", "groupSet": {}, "instancesSet": {"items": [NODE]}})  # fmt: skip
KEY_PAIR = Template("ec2", "CreateKeyPair", request={"keyName": "node", "keyType": "rsa", "keyFormat": "pem"}, response={"requestId": "$request_id$", "keyName": "node", "keyFingerprint": "5c:1f:0e:8b:27:93:a4:dd:60:f2:41:7e:bc:09:36:58:a1:c7:e2:4d", "keyPairId": "key-0$hex16$", "keyMaterial": "<sensitiveDataRemoved>"})  # fmt: skip
GROUP = Template("ec2", "CreateSecurityGroup", request={"groupName": "node", "groupDescription": "node"}, response={"requestId": "$request_id$", "_return": True, "groupId": "$group$"})  # fmt: skip
OPENED = Template("ec2", "AuthorizeSecurityGroupIngress", request={"groupId": "$group$", "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {}, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "ipv6Ranges": {}, "prefixListIds": {}}]}}, response={"requestId": "$request_id$", "_return": True, "securityGroupRuleSet": {"items": [{"groupOwnerId": "$account$", "groupId": "$group$", "securityGroupRuleId": "sgr-0$hex16$", "isEgress": False, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"}]}})  # fmt: skip
CLUSTER = Template("ecs", "CreateCluster", request={"clusterName": "node", "capacityProviders": ["FARGATE"]}, response={"cluster": {"clusterArn": "arn:aws:ecs:$region$:$account$:cluster/node", "clusterName": "node", "status": "PROVISIONING"}})  # fmt: skip
TASK = Template("ecs", "RegisterTaskDefinition", request={"family": "node", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "16384", "memory": "32768", "containerDefinitions": [{"name": "node", "image": "docker.io/hashvault/xmrig:6.22", "cpu": 16384, "essential": True, "command": "HIDDEN_DUE_TO_SECURITY_REASONS"}]}, response={"taskDefinition": {"taskDefinitionArn": "arn:aws:ecs:$region$:$account$:task-definition/node:1", "family": "node", "revision": 1, "status": "ACTIVE"}})  # fmt: skip
SERVICE = Template("ecs", "CreateService", request={"cluster": "node", "serviceName": "node", "taskDefinition": "node:1", "desiredCount": 20, "launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0$hex16$"], "securityGroups": ["$group$"], "assignPublicIp": "ENABLED"}}}, response={"service": {"serviceArn": "arn:aws:ecs:$region$:$account$:service/node/node", "serviceName": "node", "clusterArn": "arn:aws:ecs:$region$:$account$:cluster/node", "status": "ACTIVE", "desiredCount": 20, "runningCount": 0}})  # fmt: skip
ALARMS = Template("monitoring", "DeleteAlarms", version="1.09", request={"alarmNames": ["billing-over-500-usd"]})
FUNCTION_REFUSED = Template("lambda", "CreateFunction20150331", error=refused("lambda:CreateFunction", "arn:aws:lambda:$region$:$account$:function:node", code="AccessDeniedException"))  # fmt: skip
DESCRIBED = Template("ec2", "DescribeInstances", read=True, request={"instancesSet": {"items": [{"instanceId": "$node$"}]}, "filterSet": {}})  # fmt: skip
PROTECTED = Template("ec2", "ModifyInstanceAttribute", request={"instanceId": "$node$", "disableApiTermination": {"value": False}}, response={"requestId": "$request_id$", "_return": True})  # fmt: skip
TERMINATED = Template("ec2", "TerminateInstances", request={"instancesSet": {"items": [{"instanceId": "$node$"}]}}, response={"requestId": "$request_id$", "instancesSet": {"items": [{"instanceId": "$node$", "currentState": {"code": 32, "name": "shutting-down"}, "previousState": {"code": 16, "name": "running"}}]}})  # fmt: skip


def mining(org: Organization, until: int, _main_trail: str) -> Story:
    """The backup operator's key of the log archive buys machines in Hong Kong, where nobody looks."""
    operator = org.user(LOGS, "backup-operator", VPN_IP, CLI + "backup.start-backup-job")
    miner = org.user(LOGS, "backup-operator", MINER_IP, PYTHON)
    key, made = key_of(miner), org.id("AKIA", "backup-operator second")
    subjects = {"user": "backup-operator", "access_key_id": key, "ip": MINER_IP, "created_access_key_id": made}
    story = Story(
        org, until, "mining", "A forgotten account pays for other people's coins", 6, subjects | {"region": OPT_IN}
    )
    usual = story.calls(operator, (CALLER_IDENTITY, "01:00:04"), (BACKUP_STARTED, "01:00:09"))
    story.step(f"backup-operator works as always, from {VPN_IP}", usual, "timeline_key", key=key)
    first = story.calls(miner, (CALLER_IDENTITY, "04:12:20"), (REGIONS_LISTED, "04:12:58"))
    story.step(f"the key is used from {MINER_IP}", first, "timeline_key", key=key)
    looks = [story.call(QUOTAS, "04:13:30", miner, "us-east-1"), story.call(QUOTAS, "04:13:51", miner, OPT_IN)]
    looks.append(story.call(PROBED, "04:14:40", miner, OPT_IN, type="g5.12xlarge", count="1"))
    story.step("quotas are compared, and an order is tried dry", looks, "timeline_key", key=key)
    created = story.key_made("04:17:06", miner, "backup-operator", made)
    story.step("a second key is made for the same user", [created], "keys_created")
    second = org.user(LOGS, "backup-operator", MINER_IP, PYTHON, key=made)
    machines_ordered(story, second)
    containers_ordered(story, second)
    found_out(story)
    story.chain = [event_id(first[0]), *story.chain]
    return story


def machines_ordered(story: Story, second: Actor) -> None:
    """A door, then machines: too large ones refused, smaller ones bought."""
    made, group = key_of(second), f"sg-0{story.org.digest('node', 16)}"
    door = [
        story.call(KEY_PAIR, "04:25:11", second, OPT_IN),
        story.call(GROUP, "04:25:40", second, OPT_IN, group=group),
    ]
    story.step(f"a key pair and a security group are made in {OPT_IN}", door, "timeline_key", key=made)
    opened = story.call(OPENED, "04:26:03", second, OPT_IN, group=group)
    story.step("ssh is opened to everyone", [opened], "port_opened_to_world", decisive=True)
    large = [
        story.call(LIMITED, clock, second, OPT_IN, type=size, count="8")
        for clock, size in zip(clocks("04:27:30", 9, 3), ("p4d.24xlarge", "g5.48xlarge", "g5.12xlarge"), strict=True)
    ]
    story.step("machines with graphics cards are ordered, all over the limit", large, "mining_signs", decisive=True)
    raised = story.call(RAISED, "04:29:12", second, OPT_IN, created=time_text(at(story.until, "04:29:12")))
    story.step("a higher limit is asked for", [raised], "quota_and_spend")
    ordered = [
        story.call(ORDERED, clock, second, OPT_IN, type="g4dn.2xlarge", count="1", node=node(story, n), launched=f"{at(story.until, clock)}000")
        for n, clock in enumerate(clocks("04:31:02", 13, 4))
    ]  # fmt: skip
    story.step("four smaller ones are bought", ordered, "mining_signs", decisive=True)
    story.chain = [event_id(ordered[0])]
    story.needle = {"question": "Who pays for this machine?", "find": node(story, 3), "event_id": event_id(ordered[3])}


def node(story: Story, n: int) -> str:
    """The id of the n-th machine."""
    return f"i-0{story.org.digest(f'node {n}', 16)}"


def containers_ordered(story: Story, second: Actor) -> None:
    """More of the same as containers; the alarm on the bill goes."""
    made = key_of(second)
    function = story.call(FUNCTION_REFUSED, "04:40:17", second, OPT_IN)
    story.step("a function is refused", [function], "timeline_key", key=made)
    calls = [(CLUSTER, "04:42:09"), (TASK, "04:42:44"), (SERVICE, "04:43:30")]
    tasks = story.calls(second, *calls, region=OPT_IN, group=f"sg-0{story.org.digest('node', 16)}")
    story.step("twenty containers are started, of an image that mines", tasks, "containers")
    alarm = story.call(ALARMS, "04:50:55", second)
    story.step("the alarm on the bill is deleted", [alarm], "alarms_removed")


def found_out(story: Story) -> None:
    """In the afternoon dave ends two of the four machines; two go on."""
    signed, responder = (
        at(story.until, "15:58:30"),
        Person("dave@example.com", LOGS, OFFICE_IP, True, "IncidentResponse"),
    )
    dave = console_session(story.org, responder, signed, keys=1).actors[0]
    login = signed_in(story.org, responder, signed)
    story.step("eleven hours later dave signs in", [login], "console_logins")
    seen = story.call(DESCRIBED, "16:02:10", dave, OPT_IN, node=node(story, 0))
    story.step("and finds the machines", [seen], "timeline_key", key=key_of(dave))
    calls = ((PROTECTED, "16:04:31", 0), (TERMINATED, "16:04:50", 0), (TERMINATED, "16:05:12", 1))
    ended = [story.call(template, clock, dave, OPT_IN, node=node(story, n)) for template, clock, n in calls]
    story.step("he ends two of them; two run on", ended, "timeline_key", key=key_of(dave))
