"""The story s3-exfiltration: an instance's credentials are carried away, and customer exports with them."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.machines import CALLER_IDENTITY, INSTANCE_CALLS, assume_role
from trailquery.simulate.organization import EXPORTS, PAYROLL, PROD, SSM_AGENT, Organization, role_arn
from trailquery.simulate.record import Actor, Event, Template, json_text
from trailquery.simulate.s3 import BUCKET, GET_OBJECT, HOST, LIST_OBJECTS, REFUSED, XMLNS, bucket_call, object_call
from trailquery.simulate.services import S3_EXTRA, assumed_by, service
from trailquery.simulate.story import LIST_BUCKETS, PYTHON, STRANGER, Story, at, clocks, event_id, key_of, refused

CARRIER_IP, READER_IP, HOME_IP = "198.51.100.140", "198.51.100.141", "203.0.113.181"
ROLE = "report-exporter-role"
UNBLOCKING: dict[str, object] = {"publicAccessBlock": "", "PublicAccessBlockConfiguration": {"xmlns": XMLNS, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "BlockPublicAcls": False, "RestrictPublicBuckets": False}}  # fmt: skip
SHARED = {"Version": "2012-10-17", "Statement": [{"Sid": "partner", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"}, "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": [f"arn:aws:s3:::{EXPORTS}", f"arn:aws:s3:::{EXPORTS}/*"]}]}  # fmt: skip
PUBLIC = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{EXPORTS}/*"}]}  # fmt: skip
ENCRYPTION = bucket_call("GetBucketEncryption", {"encryption": ""}, read=True)
POLICY = bucket_call("GetBucketPolicy", {"policy": ""}, read=True, error=("NoSuchBucketPolicy", "The bucket policy does not exist"))  # fmt: skip
LIST_REFUSED = Template("s3", "ListObjects", category="Data", read=True, request={"list-type": "2", "bucketName": "$bucket$", "Host": HOST, "prefix": ""}, error=refused("s3:ListBucket", '"arn:aws:s3:::$bucket$"'), additional=S3_EXTRA, resources=[{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::$bucket$/"}, BUCKET], request_id="$s3_request$", host="$bucket$.s3.%s.amazonaws.com")  # fmt: skip
GET_REFUSED = object_call("GetObject", read=True, error=refused("s3:GetObject", '"arn:aws:s3:::$bucket$/$object$"'))
PUT_POLICY = bucket_call("PutBucketPolicy", {"policy": "", "bucketPolicy": SHARED})
PUT_PUBLIC = bucket_call("PutBucketPolicy", {"policy": "", "bucketPolicy": PUBLIC})
PUBLIC_REFUSED = bucket_call("PutBucketPolicy", {"policy": "", "bucketPolicy": PUBLIC}, error=refused("s3:PutBucketPolicy", '"arn:aws:s3:::$bucket$"', "because public policies are blocked by the BlockPublicPolicy block public access setting"))  # fmt: skip
UNBLOCKED = bucket_call("PutBucketPublicAccessBlock", UNBLOCKING)
REPLICATION_REFUSED = bucket_call("PutBucketReplication", {"replication": ""}, error=refused("iam:PassRole", "arn:aws:iam::$account$:role/replicate"))  # fmt: skip
ANONYMOUS = {key: S3_EXTRA[key] for key in ("CipherSuite", "bytesTransferredIn", "x-amz-id-2", "bytesTransferredOut")}
ANONYMOUS_GET = object_call("GetObject", read=True, additional=ANONYMOUS)
ANONYMOUS_REFUSED = object_call("GetObject", read=True, error=REFUSED, additional=ANONYMOUS | {"bytesTransferredOut": 243.0})  # fmt: skip
DECRYPT = Template("kms", "Decrypt", read=True, request={"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::$bucket$/$object$"}, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}, resources=[{"accountId": "$account$", "type": "AWS::KMS::Key", "ARN": "arn:aws:kms:$region$:$account$:key/3b1f8c0a-74de-4e0c-9a55-d2c6b9f0e148"}], shared=True)  # fmt: skip


def s3_exfiltration(org: Organization, until: int, _main_trail: str) -> Story:
    """Credentials of the report server are used elsewhere: 24 exports are read, and the bucket is opened to others."""
    instance, created = f"i-0{org.digest('report server', 16)}", at(until, "09:58:12")
    key = org.id("ASIA", f"{instance} {created}")
    identity = PROD, ROLE, instance, key, created
    server = org.role_session(*identity, HOME_IP, SSM_AGENT, imds="1.0")
    thief = org.role_session(*identity, CARRIER_IP, PYTHON, imds="1.0")
    subjects = {"bucket": EXPORTS, "ip": CARRIER_IP, "access_key_id": key, "instance": instance, "account": STRANGER}
    story = Story(org, until, "s3-exfiltration", "A stolen instance role empties the exports", 4, subjects)
    arn = role_arn(PROD, ROLE)
    issued = assumed_by(
        org,
        service(org, PROD, "ec2"),
        created,
        "us-east-1",
        {"role": arn, "session": instance, "key": key},
    )
    usual = story.calls(server, (INSTANCE_CALLS[0], "10:01:16"), (INSTANCE_CALLS[3], "10:12:40"), instance=instance)
    usual.append(story.call(GET_OBJECT, "10:30:05", server, bucket=EXPORTS, object="2026/11/19/orders.parquet"))
    story.step("EC2 gives the report server its role", [issued], "timeline_resource", resource=arn, writes_only=False)
    story.step(f"it works as always, from {HOME_IP}", usual, "timeline_actor", actor=ROLE)
    first = story.calls(thief, (CALLER_IDENTITY, "13:04:51"), (LIST_BUCKETS, "13:05:12"))
    story.step(
        f"its credentials are used from {CARRIER_IP}, outside the instance",
        first,
        "instance_creds_elsewhere",
        decisive=True,
    )
    listed = [story.call(template, clock, thief, bucket=EXPORTS) for template, clock in ((POLICY, "13:06:10"), (ENCRYPTION, "13:06:11"), (LIST_OBJECTS, "13:06:48"))]  # fmt: skip
    listed += story.calls(
        thief, (LIST_REFUSED, "13:07:20"), (GET_REFUSED, "13:07:41"), bucket=PAYROLL, object="2026.csv"
    )
    story.step("the exports are listed; payroll is refused", listed, "timeline_key", key=key)
    exports_read(story, thief)
    goes_on = story.calls(server, (INSTANCE_CALLS[0], "13:21:16"), (INSTANCE_CALLS[3], "13:22:40"), instance=instance)
    story.step("the report server itself goes on", goes_on, "timeline_ip", ip=HOME_IP)
    exports_shared(story, thief, usual[0])
    return story


def exports_read(story: Story, thief: Actor) -> None:
    """24 objects, some 100 MB each, within eight minutes; KMS says the same, as it decrypts them."""
    taken = [
        story.call(GET_OBJECT, clock, thief, bucket=EXPORTS, object=export(n), size=f"{96_000_000 + n * 1_270_531}.0")
        for n, clock in enumerate(clocks("13:10:04", 17, 24))
    ]
    story.step("24 customer exports are read, 2.6 GB", taken, "s3_access", bucket=EXPORTS)
    inside = Actor(thief.account, thief.identity[:-1] + ',"invokedBy":"AWS Internal"}', "AWS Internal", "AWS Internal", thief.arn, tls=False)  # fmt: skip
    opened = [
        story.call(DECRYPT, clock, inside, bucket=EXPORTS, object=export(n))
        for n, clock in enumerate(clocks("13:18:02", 1, 3))
    ]
    story.step(
        "KMS decrypts three of them for the same session", opened, "timeline_actor", actor=ROLE, include_aws=True
    )
    story.needle = {
        "question": "Who read the export of 8 November?",
        "find": export(7),
        "event_id": event_id(taken[7]),
    }


def export(n: int) -> str:
    """The key of the export of the n-th day of November."""
    return f"2026/11/{n + 1:02}/customers.parquet"


def exports_shared(story: Story, thief: Actor, own: Event) -> None:
    """A second role opens the bucket: to a stranger's account, then to everyone."""
    org, until = story.org, story.until
    admin, taken = assume_role(org, thief, PROD, "storage-admin", "report", at(until, "13:24:36"), PYTHON)
    story.step("the role storage-admin is taken", list(taken), "role_assumptions")
    copied = story.call(REPLICATION_REFUSED, "13:26:02", admin, bucket=EXPORTS)
    story.step("replication to elsewhere is refused", [copied], "timeline_key", key=key_of(admin))
    shared = story.call(PUT_POLICY, "13:28:19", admin, bucket=EXPORTS)
    story.step(f"the bucket is opened to the account {STRANGER}", [shared], "resources_shared_out")
    blocked = story.call(PUBLIC_REFUSED, "13:31:44", admin, bucket=EXPORTS)
    story.step("opening it to everyone is refused", [blocked], "s3_public_exposure", decisive=True)
    lifted = story.call(UNBLOCKED, "13:32:27", admin, bucket=EXPORTS)
    story.step("the public access block is lifted", [lifted], "s3_public_block_removed")
    public = story.call(PUT_PUBLIC, "13:32:50", admin, bucket=EXPORTS)
    story.step("and now it works", [public], "s3_public_exposure", decisive=True)
    anyone = Actor(PROD, json_text({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}), READER_IP, "curl/8.14.1")  # fmt: skip
    got = [story.call(ANONYMOUS_GET, clock, anyone, bucket=EXPORTS, object=name) for name, clock in ((export(0), "16:44:08"), (export(1), "16:44:31"))]  # fmt: skip
    got.append(story.call(ANONYMOUS_REFUSED, "16:45:10", anyone, bucket=PAYROLL, object="2026.csv"))
    story.step(f"three hours later nobody at all reads two exports, from {READER_IP}", got, "timeline_ip", ip=READER_IP)
    story.chain = [event_id(own), event_id(shared)]
