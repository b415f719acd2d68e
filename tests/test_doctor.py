"""What a bucket is worth as evidence: moto over HTTP, SeaweedFS for a real lock, and answers that neither gives."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws import Aws, key, served, use_credentials
from botocore.exceptions import ClientError
from collecting import Listening
from runner import run
from seaweedfs import seaweedfs

from trailquery.doctor import Examined, examine
from trailquery.sources.aws import Access
from trailquery.sources.s3 import open_bucket

KMS = "arn:aws:kms:eu-west-1:111122223333:key/11111111-aaaa-bbbb-cccc-111111111111"
DENIED = (403, "AccessDenied", "no")
SETTINGS = [
    "versioning",
    "MFA delete",
    "object lock",
    "encryption",
    "lifecycle",
    "public access",
    "who may delete",
    "who may write",
    "ACL",
    "replication",
]


class Answering(Listening):
    """Answers some questions of S3 itself; `denied_targets` of CloudTrail are refused."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.answers: dict[str, str] = {}  # by what stands after the ? of a path
        self.denied_targets: set[str] = set()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        proxy, passing = self, super().handler()

        class Handler(passing):  # type: ignore[valid-type,misc]
            def do_GET(self) -> None:  # noqa: N802  a name of http.server
                query = self.path.partition("?")[2]
                if query in proxy.answers:
                    self._answer(200, {"Content-Type": "application/xml"}, proxy.answers[query].encode())
                else:
                    self._pass_on()

            def do_POST(self) -> None:  # noqa: N802
                target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                if target not in proxy.denied_targets:
                    return super().do_POST()  # type: ignore[no-any-return]
                self.rfile.read(int(self.headers["Content-Length"]))
                refusal = {"__type": "AccessDeniedException", "Message": "no"}
                return self._answer(400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(refusal).encode())

        return Handler


class Patient(Aws):
    proxy: Answering

    def __init__(self, direct: str, proxy: Answering, url: str) -> None:
        super().__init__(direct, proxy, url)
        self.cloudtrail = boto3.client("cloudtrail", endpoint_url=direct)

    def examine(self, prefix: str = "") -> Examined:
        return examine(open_bucket(f"s3://{self.name}/{prefix}", Access(endpoint_url=self.url), look=False))

    def states(self) -> dict[str, str]:
        return {check.name: check.state for check in self.examine().checks}

    def told(self, name: str) -> tuple[str, str]:
        """State and finding of one check."""
        (check,) = [check for check in self.examine().checks if check.name == name]
        return check.state, check.what


@pytest.fixture(name="patient")
def bucket_to_examine(upstream: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patient]:
    use_credentials(monkeypatch)
    proxy = Answering(upstream)
    with served(proxy.handler()) as url:
        for service in ("STS", "CLOUDTRAIL"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        patient = Patient(upstream, proxy, url)
        patient.put(key("2024/03/01"), "one")
        yield patient


def hardened(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bucket as it should be, as far as moto goes."""
    s3, name = patient.s3, patient.name = (
        boto3.client("s3", endpoint_url=f"http://{patient.proxy.upstream}"),
        f"{patient.name}-good",
    )
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}}}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    patient.put(key("2024/03/01"), "one", ServerSideEncryption="aws:kms", SSEKMSKeyId=KMS)
    patient.put(key("2024/03/01", folder="CloudTrail-Digest"), "one")
    sealed = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KMS}
    s3.put_bucket_encryption(
        Bucket=name, ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": sealed}]}
    )
    blocks = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocks)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject*", "Resource": f"arn:aws:s3:::{name}/*"}
    deliver = {
        "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/AWSLogs/111122223333/*",
        "Condition": {"StringEquals": {"aws:SourceArn": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"}},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny, deliver]}))
    patient.proxy.answers["replication"] = (
        '<ReplicationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Role>r</Role><Rule><ID>1</ID><Status>Enabled</Status>'
        "<Filter><Prefix></Prefix></Filter><Destination><Bucket>arn:aws:s3:::vault</Bucket><Account>444455556666</Account></Destination>"
        "</Rule></ReplicationConfiguration>"
    )
    patient.proxy.answers["versioning"] = VERSIONED.replace("Disabled", "Enabled")
    boto3.client("sns", endpoint_url=f"http://{patient.proxy.upstream}").create_topic(Name="notices")
    trail = {"IsMultiRegionTrail": True, "EnableLogFileValidation": True, "SnsTopicName": "notices", "KmsKeyId": KMS}
    patient.cloudtrail.create_trail(Name=f"trail-{name}", S3BucketName=name, **trail)
    patient.cloudtrail.start_logging(Name=f"trail-{name}")
    selector = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
    }
    patient.cloudtrail.put_event_selectors(TrailName=f"trail-{name}", EventSelectors=[selector])


# Neither moto nor SeaweedFS knows MFA delete: this is what S3 answers, as its API reference shows it.
VERSIONED = (
    '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status>'
    "<MfaDelete>Disabled</MfaDelete></VersioningConfiguration>"
)


def test_a_bucket_that_is_as_it_should_be_is_good_in_every_check(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hardened(patient, monkeypatch)
    checks, policy = patient.examine()
    trail = (
        "digests",
        "regions",
        "global services",
        "notices",
        "KMS key",
        "logging",
        "delivery",
        "management events",
        "data events",
    )
    names = [
        "list",
        "list versions",
        "get",
        "decrypt",
        "public keys",
        *SETTINGS,
        *(f"trail-{patient.name}: {name}" for name in trail),
    ]
    assert [(check.name, check.state) for check in checks] == [(name, "good") for name in names]
    assert all(check.what and check.meaning for check in checks)
    sealed = [one["Resource"] for one in policy["Statement"] if one["Action"] == ["kms:Decrypt"]]
    assert sealed == [[KMS]]


def test_a_bucket_that_nobody_cared_for_is_weak_where_it_is(patient: Patient) -> None:
    assert {name for name, state in patient.states().items() if state == "good"} == {
        "list", "list versions", "get", "decrypt", "public keys", "lifecycle", "ACL",
    }  # fmt: skip
    assert {name for name, state in patient.states().items() if state == "unknown"} == {"trails", "who may write"}


def test_of_versioning_and_mfa_delete_each_is_told(patient: Patient) -> None:
    assert patient.told("versioning") == ("weak", "never switched on")
    patient.s3.put_bucket_versioning(Bucket=patient.name, VersioningConfiguration={"Status": "Suspended"})
    assert patient.told("versioning") == ("weak", "suspended")
    patient.proxy.answers["versioning"] = VERSIONED
    assert (patient.told("versioning"), patient.told("MFA delete")) == (("good", "on"), ("weak", "off"))
    patient.proxy.answers["versioning"] = VERSIONED.replace("Disabled", "Enabled")
    assert patient.told("MFA delete") == ("good", "on")


@pytest.mark.parametrize(
    ("query", "names", "permission"),
    [
        ("versioning", ["versioning", "MFA delete"], "s3:GetBucketVersioning"),
        ("object-lock", ["object lock"], "s3:GetBucketObjectLockConfiguration"),
        ("encryption", ["encryption"], "s3:GetEncryptionConfiguration"),
        ("lifecycle", ["lifecycle"], "s3:GetLifecycleConfiguration"),
        ("publicAccessBlock", ["public access"], "s3:GetBucketPublicAccessBlock"),
        ("policy", ["who may delete", "who may write"], "s3:GetBucketPolicy"),
        ("acl", ["ACL"], "s3:GetBucketAcl"),
        ("replication", ["replication"], "s3:GetReplicationConfiguration"),
    ],
)
def test_a_check_that_is_refused_says_what_it_needs_and_the_others_go_on(
    patient: Patient, query: str, names: list[str], permission: str
) -> None:
    before = patient.examine().checks
    patient.proxy.fault = lambda method, path: DENIED if path.endswith(f"?{query}") else None
    after = patient.examine()
    refused = dict.fromkeys(names, ("unknown", f"AccessDenied: no; {permission} is missing"))
    assert {check.name: (check.state, check.what) for check in after.checks if check.name in names} == refused
    assert [one for one in after.checks if one.name not in names] == [one for one in before if one.name not in names]
    actions = {action for one in after.policy["Statement"] for action in one["Action"]}
    assert permission in actions


def test_where_nothing_is_allowed_each_line_says_what_is_missing(patient: Patient) -> None:
    patient.proxy.fault = lambda method, path: DENIED
    patient.proxy.denies_keys = True
    patient.proxy.denied_targets = {"DescribeTrails"}
    checks = {check.name: check for check in patient.examine().checks}
    needs = {name: check.what.rpartition("; ")[2].removesuffix(" is missing") for name, check in checks.items()}
    assert needs | {"get": "", "decrypt": ""} == {
        "list": "s3:ListBucket", "list versions": "s3:ListBucketVersions", "get": "", "decrypt": "",
        "public keys": "cloudtrail:ListPublicKeys", "versioning": "s3:GetBucketVersioning",
        "MFA delete": "s3:GetBucketVersioning", "object lock": "s3:GetBucketObjectLockConfiguration",
        "encryption": "s3:GetEncryptionConfiguration", "lifecycle": "s3:GetLifecycleConfiguration",
        "public access": "s3:GetBucketPublicAccessBlock", "who may delete": "s3:GetBucketPolicy",
        "who may write": "s3:GetBucketPolicy", "ACL": "s3:GetBucketAcl", "replication": "s3:GetReplicationConfiguration",
        "trails": "cloudtrail:DescribeTrails",
    }  # fmt: skip
    assert {check.state for check in checks.values()} == {"weak", "unknown"}


@pytest.mark.parametrize("answer", [b"", b"<html>Sign in to this network</html>"])
def test_what_is_answered_in_the_place_of_aws_leaves_what_matters_unknown(patient: Patient, answer: bytes) -> None:
    patient.proxy.fault = lambda method, path: answer
    states = patient.states()
    names = ("list", "who may delete", "who may write", "trails")
    assert {name: states[name] for name in names} == dict.fromkeys(names, "unknown")


def test_get_and_decrypt_are_tried_on_the_ends_of_each_folder(patient: Patient) -> None:
    for day in ("2023/01/05", "2024/02/01", "2024/02/29"):
        patient.put(key(day), day)
    patient.put(key("2024/03/01", account="444455556666"), "other", ServerSideEncryption="aws:kms", SSEKMSKeyId=KMS)
    patient.proxy.asked.clear()
    assert patient.told("get") == ("good", "s3:GetObject works on 3 of 3 objects tried")
    assert patient.told("decrypt") == ("good", "kms:Decrypt works on 1 of 1 keys tried")
    tried = {asked.rpartition("/")[2].split("_")[3][:8] for asked in patient.proxy.asked if asked.endswith(".json.gz")}
    assert tried == {"20230105", "20240301"}
    closed = key("2024/03/01", account="444455556666")
    refusal = f"not authorized to perform: kms:Decrypt on resource: {KMS} because no policy allows it"
    patient.proxy.fault = lambda method, path: (403, "AccessDenied", refusal) if path.endswith(closed) else None
    state, what = patient.told("decrypt")
    assert (state, what.startswith(f"kms:Decrypt refused on 1 of 1 keys: {KMS}: ")) == ("weak", True)
    oldest = key("2023/01/05")
    patient.proxy.fault = lambda method, path: DENIED if path.endswith(oldest) else None
    assert patient.told("get")[1] == (
        f"s3:GetObject refused on 1 of 3 objects: s3://{patient.name}/{oldest}: AccessDenied: no; s3:GetObject is missing"
    )


def test_an_account_that_may_not_be_listed_is_told(patient: Patient) -> None:
    patient.put(key("2024/03/01", account="444455556666"), "other")
    closed = "444455556666%2FCloudTrail%2Feu-west-1%2F2024%2F03%2F"
    patient.proxy.fault = lambda method, path: DENIED if "list-type" in path and closed in path else None
    place = f"s3://{patient.name}/AWSLogs/444455556666/CloudTrail/eu-west-1/2024/03/"
    assert patient.told("list") == ("weak", f"{place}: AccessDenied: no; s3:ListBucket is missing")


def test_a_large_bucket_is_sampled(patient: Patient) -> None:
    for number in range(60):
        patient.put(key("2024/03/01", account=f"4444555566{number:02}"), "x")
    patient.proxy.asked.clear()
    assert patient.told("get")[0] == "good"
    assert sum(asked.endswith(".json.gz") for asked in patient.proxy.asked) <= 24


# --- trails


def trail_of(patient: Patient, **settings: Any) -> Callable[[str], tuple[str, str]]:
    patient.cloudtrail.create_trail(Name=f"t-{patient.name}", S3BucketName=patient.name, **settings)
    return lambda name: patient.told(f"t-{patient.name}: {name}")


def test_a_trail_that_leaves_things_out_is_told(patient: Patient) -> None:
    told = trail_of(patient, IncludeGlobalServiceEvents=False)
    assert [told(name) for name in ("digests", "regions", "global services", "notices", "KMS key", "logging")] == [
        ("weak", "off"), ("weak", "us-east-1 alone"), ("weak", "off"), ("weak", "no SNS topic"), ("weak", "none"), ("weak", "off"),
    ]  # fmt: skip
    patient.cloudtrail.start_logging(Name=f"t-{patient.name}")
    assert told("logging") == ("good", "on")
    patient.cloudtrail.stop_logging(Name=f"t-{patient.name}")
    state, what = told("logging")
    assert (state, what[:10], what[-1]) == ("weak", "off since ", "Z")


def test_trails_of_other_buckets_and_other_accounts_are_not_taken_for_this_ones(patient: Patient) -> None:
    patient.s3.create_bucket(Bucket=f"{patient.name}-other")
    patient.cloudtrail.create_trail(Name=f"o-{patient.name}", S3BucketName=f"{patient.name}-other")
    patient.put(key("2024/03/01", folder="CloudTrail-Digest"), "x")
    patient.put(key("2024/03/01", region="eu-west-3"), "x")
    assert patient.told("trails") == ("unknown", "no trail that this account sees delivers here")
    assert patient.told("digests") == (
        "good",
        "there are some; the newest of those looked at is of 2024-03-01 10:10:00Z",
    )
    assert patient.told("regions") == ("good", "eu-west-1, eu-west-3")


@pytest.mark.parametrize(
    ("target", "name"), [("GetTrailStatus", "TrailStatus"), ("GetEventSelectors", "EventSelectors")]
)
def test_what_of_a_trail_is_refused_is_told_and_the_rest_goes_on(patient: Patient, target: str, name: str) -> None:
    told = trail_of(patient)
    patient.proxy.denied_targets = {target}
    assert told(name) == ("unknown", f"AccessDeniedException: no; cloudtrail:{target} is missing")
    assert told("digests") == ("weak", "off")
    assert told("logging" if name == "EventSelectors" else "data events")[0] == "weak"


# --- a lock that holds


def test_object_lock_is_told_as_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_credentials(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", "http://127.0.0.1:1")
    monkeypatch.setattr("trailquery.sources.aws.ATTEMPTS", 1)
    with seaweedfs(tmp_path) as url:
        s3 = boto3.client("s3", endpoint_url=url)
        s3.create_bucket(Bucket="locked-logs", ObjectLockEnabledForBucket=True)

        def told() -> tuple[str, str]:
            checks = examine(open_bucket("s3://locked-logs", Access(endpoint_url=url))).checks
            return next((check.state, check.what) for check in checks if check.name == "object lock")

        assert told() == ("weak", "on, without a default retention")
        for mode, state in (("GOVERNANCE", "weak"), ("COMPLIANCE", "good")):
            rule = {"DefaultRetention": {"Mode": mode, "Days": 2}}
            s3.put_object_lock_configuration(
                Bucket="locked-logs", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
            )
            assert told() == (state, f"{mode}, 2 days")
        version = s3.put_object(Bucket="locked-logs", Key=key("2024/03/01"), Body=b"{}")["VersionId"]
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket="locked-logs", Key=key("2024/03/01"), VersionId=version)


# --- the command


def test_the_command_prints_a_line_a_check_and_the_policy_and_ends_with_0(patient: Patient, tmp_path: Path) -> None:
    hostile = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:user/\x1b[2Jmallory"},
        "Action": "s3:*",
        "Resource": "*",
    }
    patient.s3.put_bucket_policy(Bucket=patient.name, Policy=json.dumps({"Statement": [hostile]}))
    said = run(tmp_path, "doctor", f"s3://{patient.name}", "--endpoint-url", patient.url)
    lines, _, policy = said.out.partition("\nthe least that reading and checking all this takes:\n")
    assert (said.code, said.err, len(lines.splitlines())) == (0, "", len(patient.examine().checks))
    assert (
        "weak     who may delete  the policy allows arn:aws:iam::444455556666:user/\\x1b[2Jmallory; they can remove evidence"
        in lines
    )
    assert json.loads(policy) == patient.examine().policy
    as_json = run(tmp_path, "doctor", f"s3://{patient.name}", "--endpoint-url", patient.url, "--format", "json")
    assert json.loads(as_json.out)["checks"] == [check._asdict() for check in patient.examine().checks]


def test_a_bucket_that_is_not_there_and_a_network_that_is_down_are_told_apart(patient: Patient, tmp_path: Path) -> None:
    said = run(tmp_path, "doctor", "s3://no-such-bucket-here", "--endpoint-url", patient.url)
    assert (said.code, "no-such-bucket-here" in said.err) == (2, True)
    assert run(tmp_path, "doctor", "bucket").code == 2


def test_the_policy_is_enough_for_what_is_below_a_prefix_alone(patient: Patient) -> None:
    policy = patient.examine("AWSLogs").policy
    assert {one["Sid"]: one["Resource"] for one in policy["Statement"]} == {
        "ListLogs": f"arn:aws:s3:::{patient.name}",
        "ReadLogs": f"arn:aws:s3:::{patient.name}/AWSLogs*",
        "CheckBucket": f"arn:aws:s3:::{patient.name}",
        "CheckTrails": "*",
    }
