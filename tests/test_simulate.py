"""What the simulated trail promises: the same bytes, exact counts, genuine names, a chain that verifies."""

import base64
import gzip
import hashlib
import json
import re
from collections import Counter, defaultdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conftest import recording
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from trailquery.errors import UsageError
from trailquery.simulate import STORIES, Simulation, simulate

LOG_NAME = re.compile(
    r"(prod-trail/)?AWSLogs/(o-exampleorg/)?(?P<account>\d{12})/(?P<folder>CloudTrail(-Insight|-NetworkActivity)?)/"
    r"(?P<region>[a-z]{2}-[a-z]+-\d)/(?P<y>\d{4})/(?P<m>\d\d)/(?P<d>\d\d)/"
    r"(?P=account)_(?P=folder)_(?P=region)_(?P=y)(?P=m)(?P=d)T\d\d[0-5][05]Z_[A-Za-z0-9]{16}\.json\.gz"
)
DIGEST_NAME = re.compile(
    r"(prod-trail/)?AWSLogs/(o-exampleorg/)?(?P<account>\d{12})/CloudTrail-Digest/(?P<region>[a-z]{2}-[a-z]+-\d)/"
    r"(?P<y>\d{4})/(?P<m>\d\d)/(?P<d>\d\d)/(?P=account)_CloudTrail-Digest_(?P=region)_[a-z-]+_us-east-1_"
    r"(?P=y)(?P=m)(?P=d)T\d{6}Z\.json\.gz"
)
EVENT_ID = re.compile(rb'"eventID":"([^"]+)"')
KEY_ORDER = [
    *(
        "eventVersion",
        "userIdentity",
        "eventTime",
        "eventSource",
        "eventName",
        "awsRegion",
        "sourceIPAddress",
    ),
    *(
        "userAgent",
        "errorCode",
        "errorMessage",
        "requestParameters",
        "responseElements",
        "additionalEventData",
    ),
    *("requestID", "eventID", "readOnly", "resources", "eventType", "apiVersion", "managementEvent"),
    *("recipientAccountId", "sharedEventID", "serviceEventDetails", "addendum", "vpcEndpointId"),
    *("vpcEndpointAccountId", "eventCategory", "tlsDetails", "sessionCredentialFromConsole"),
]
MEMORY = Path("/dev/shm")  # a trail is some thousand files: quicker in memory, where there is such a folder
Record = dict[str, Any]


class Trail:
    """A simulated trail, read back: paths below the root to what is in them."""

    def __init__(self, files: dict[str, bytes], simulation: Simulation) -> None:
        self.tree, self.simulation = files, simulation
        inflated = {name: gzip.decompress(files[name]) for name in sorted(files) if name.endswith(".gz")}
        self.digests = {name: text for name, text in inflated.items() if "CloudTrail-Digest" in name}
        self.logs = {name: text for name, text in inflated.items() if name not in self.digests}
        self.raw: dict[tuple[str, str], set[bytes]] = defaultdict(set)  # (event id, account) to its copies
        self.copies: Counter[tuple[str, str]] = Counter()
        self.in_file: dict[str, list[Record]] = {}
        for name, text in self.logs.items():
            self.in_file[name] = json.loads(text)["Records"]
            for record in self.in_file[name]:
                self.copies[record["eventID"], record["recipientAccountId"]] += 1
        self.records = {
            (record["eventID"], record["recipientAccountId"]): record
            for records in self.in_file.values()
            for record in records
        }

    def by_id(self) -> dict[str, Record]:
        return {event_id: record for (event_id, _), record in self.records.items()}


@lru_cache
def trail(
    events: int = 1000,
    seed: int = 1,
    story: str | None = "leaked-key",
    layout: str = "organization",
    days: int = 1,
) -> Trail:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        root = Path(folder) / "logs"
        simulation = simulate(root, events=events, seed=seed, story=story, layout=layout, days=days)
        return Trail(tree(root), simulation)


def tree(root: Path) -> dict[str, bytes]:
    """Every file below `root`, by its path."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    simulate(tmp_path / "again", events=1000, days=1)
    assert tree(tmp_path / "again") == trail().tree


def test_another_seed_writes_other_events_and_another_key(tmp_path: Path) -> None:
    simulate(tmp_path / "other", events=200, seed=2, days=1)
    one, other = trail(), tree(tmp_path / "other")
    assert one.tree["public-keys.json"] != other["public-keys.json"]
    ids = {event_id for event_id, _ in one.records}
    logs = (gzip.decompress(content) for name, content in other.items() if "CloudTrail_" in name)
    assert {found.decode() for text in logs for found in EVENT_ID.findall(text)} & ids == set()


@pytest.mark.parametrize(
    ("events", "layout", "story"),
    [
        (1000, "organization", "leaked-key"),
        (1000, "account", "trail-tampering"),
        (5000, "organization", "leaked-key"),
        (5000, "account", None),
    ],
)
def test_as_many_events_are_written_as_were_asked_for(events: int, layout: str, story: str | None) -> None:
    made = trail(events=events, layout=layout, story=story)
    assert len(made.records) == made.simulation.events == events
    assert sum(made.copies.values()) == made.simulation.records
    assert (len(made.logs), len(made.digests)) == (made.simulation.files, made.simulation.digests)


@pytest.mark.parametrize("layout", ["organization", "account"])
def test_every_file_is_named_as_cloudtrail_names_it(layout: str) -> None:
    made = trail(layout=layout, story="trail-tampering" if layout == "account" else "leaked-key")
    assert [name for name in made.logs if not LOG_NAME.fullmatch(name)] == []
    assert [name for name in made.digests if not DIGEST_NAME.fullmatch(name)] == []
    assert {"o-exampleorg" in name for name in made.logs if "prod-trail" not in name} == {layout == "organization"}


@pytest.mark.parametrize("story", STORIES)
def test_every_digest_is_signed_lists_true_hashes_and_names_its_predecessor(story: str) -> None:
    made = trail(story=story)
    keys = json.loads(made.tree["public-keys.json"])["PublicKeyList"]
    der = base64.b64decode(keys[0]["Value"])
    assert hashlib.md5(der).hexdigest() == keys[0]["Fingerprint"]
    public = load_der_public_key(pkcs1_to_spki(der))
    assert isinstance(public, RSAPublicKey)
    previous: dict[str, tuple[str, bytes, str]] = {}
    listed = []
    for name, content in made.digests.items():
        digest = json.loads(content)
        sidecar = json.loads(made.tree[f"{name}.metadata.json"])
        signature = sidecar["metadata"]["signature"]
        chain = name.rsplit("_", 1)[0].split("/")[-1]
        before = previous.get(chain)
        if before and digest["previousDigestS3Object"]:
            claimed = [digest[f"previousDigest{part}"] for part in ("S3Object", "HashValue", "Signature")]
            assert claimed == [before[0], hashlib.sha256(before[1]).hexdigest(), before[2]]
            assert json.loads(before[1])["digestEndTime"] == digest["digestStartTime"]
        text = [
            digest["digestEndTime"],
            f"{digest['digestS3Bucket']}/{name}",
            hashlib.sha256(content).hexdigest(),
        ]
        signed = "\n".join([*text, digest["previousDigestSignature"] or "null"]).encode()
        public.verify(bytes.fromhex(signature), signed, PKCS1v15(), SHA256())
        with pytest.raises(InvalidSignature):
            public.verify(bytes.fromhex(signature), signed + b" ", PKCS1v15(), SHA256())
        for entry in digest["logFiles"]:
            assert hashlib.sha256(made.logs[entry["s3Object"]]).hexdigest() == entry["hashValue"]
            listed.append(entry["s3Object"])
        previous[chain] = name, content, signature
    pending = [name for name in made.logs if re.search("_20261121T0(?!000Z)", name)]  # no digest is due yet
    assert len(listed) == len(set(listed))
    assert set(made.logs) - set(listed) <= set(pending)


def pkcs1_to_spki(der: bytes) -> bytes:
    """A PKCS#1 public key wrapped as SubjectPublicKeyInfo, for a 2048-bit key."""
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    bits = b"\x03\x82" + (len(der) + 1).to_bytes(2, "big") + b"\0" + der
    return b"\x30\x82" + (len(algorithm) + len(bits)).to_bytes(2, "big") + algorithm + bits


def test_every_hour_has_a_digest_even_where_nothing_was_delivered() -> None:
    made = trail()
    chains = Counter(name.rsplit("_", 1)[0].split("/")[-1] for name in made.digests)
    assert (len(chains), set(chains.values())) == (20, {24})
    assert any(json.loads(content)["logFiles"] == [] for content in made.digests.values())


def test_the_second_trail_repeats_records_byte_for_byte() -> None:
    made = trail(events=5000)
    copies: dict[bytes, set[bytes]] = defaultdict(set)
    for text in made.logs.values():
        for raw in re.split(rb",(?=\{\"eventVersion\")", text[len(b'{"Records":[') : -2]):
            json.loads(raw)
            copies[EVENT_ID.findall(raw)[-1]].add(raw)
    assert {len(versions) for versions in copies.values()} == {1}
    assert 0.2 < made.simulation.records / made.simulation.events - 1 < 0.3


def test_both_trails_and_late_files_are_there_and_files_are_not_in_order_of_time() -> None:
    made = trail(events=5000)
    assert made.simulation.trails == ("org-trail", "prod-trail")
    delays, unsorted = [], 0
    for name, records in made.in_file.items():
        times = [record["eventTime"] for record in records]
        stamp = re.findall(r"_(\d{8}T\d{4})Z_", name)[0]
        delivered = datetime.fromisoformat(f"{stamp}00Z")
        delays += [(delivered - datetime.fromisoformat(time)).total_seconds() / 60 for time in times]
        unsorted += times != sorted(times)
    assert min(delays) > 2
    assert 0 < sum(delay > 15 for delay in delays) < 0.05 * len(delays)
    assert unsorted > 0


@pytest.mark.parametrize(
    ("story", "layout"), [*((story, "organization") for story in STORIES), ("trail-tampering", "account")]
)
def test_each_step_of_the_story_is_in_the_files_in_order_and_by_its_subject(story: str, layout: str) -> None:
    made = trail(story=story, layout=layout)
    truth = json.loads(made.tree["story.json"])
    records = made.by_id()
    assert truth == made.simulation.story
    times = []
    for step in truth["steps"]:
        told = [records[event_id] for event_id in step["event_ids"]]
        times += [record["eventTime"] for record in told]
        for name, value in step["parameters"].items():
            if isinstance(value, bool):  # it says which rows to show, not what is in them
                continue
            assert [record["eventID"] for record in told if value not in json.dumps(record)] == [], (
                step,
                name,
            )
    assert times == sorted(times)
    assert len(truth["steps"]) >= 9
    assert any(step["decisive"] for step in truth["steps"])
    found = json.dumps(records[truth["needle"]["event_id"]])
    assert truth["needle"]["find"] in found
    subject = truth["subjects"]
    foreign = [record for record in records.values() if record.get("sourceIPAddress") == subject["ip"]]
    told_ids = {event_id for step in truth["steps"] for event_id in step["event_ids"]}
    assert {record["eventID"] for record in foreign} <= told_ids


def test_the_stolen_key_is_the_ci_users_and_was_used_from_one_address_before() -> None:
    made = trail(events=5000)
    subject = json.loads(made.tree["story.json"])["subjects"]
    uses = [
        r for r in made.records.values() if r.get("userIdentity", {}).get("accessKeyId") == subject["access_key_id"]
    ]
    assert {use["userIdentity"]["userName"] for use in uses} == {"ci-deploy"}
    first_foreign = min(use["eventTime"] for use in uses if use["sourceIPAddress"] == subject["ip"])
    assert first_foreign == "2026-11-20T02:11:09Z"
    before = [use for use in uses if use["eventTime"] < first_foreign]
    assert {use["sourceIPAddress"] for use in before} == {"203.0.113.40"}
    assert len(before) >= 3


def test_a_role_taken_in_another_account_is_recorded_by_both_with_one_shared_id() -> None:
    made = trail()
    halves = [
        record
        for record in made.records.values()
        if record.get("eventName") == "AssumeRole" and record["sourceIPAddress"] == "198.51.100.7"
    ]
    assert len({half["sharedEventID"] for half in halves}) == 1
    assert sorted((half["recipientAccountId"], half["userIdentity"]["type"]) for half in halves) == [
        ("111122223333", "IAMUser"),
        ("444455556666", "AWSAccount"),
    ]
    key = halves[0]["responseElements"]["credentials"]["accessKeyId"]
    assert any(r.get("userIdentity", {}).get("accessKeyId") == key for r in made.records.values())


def test_a_stopped_trail_delivers_nothing_and_begins_a_new_chain_while_the_other_goes_on() -> None:
    made = trail(story="trail-tampering")
    hole = "2026-11-20T19:51:18Z", "2026-11-20T22:17:46Z"
    seen = {
        own: [
            record["eventName"]
            for name, records in made.in_file.items()
            if name.startswith("prod-trail") is own
            for record in records
            if record["recipientAccountId"] == "111122223333" and hole[0] < record["eventTime"] < hole[1]
            if "eventName" in record
        ]
        for own in (True, False)
    }
    assert seen[True] == []
    assert "PutEventSelectors" in seen[False]
    covered = sorted(
        (digest["digestStartTime"], digest["digestEndTime"], digest["previousDigestSignature"] is None)
        for name, content in made.digests.items()
        if name.startswith("prod-trail") and "/us-east-1/" in name
        for digest in [json.loads(content)]
    )
    assert [start for start, _, first in covered if first] == [covered[0][0], hole[1]]
    assert max(end for _, end, _ in covered if end < hole[1]) == "2026-11-20T20:06:18Z"


def test_every_kind_of_identity_and_of_event_is_there() -> None:
    records = trail().records.values()
    types = {record["userIdentity"].get("type") for record in records if "userIdentity" in record}
    assert types == {
        None,
        *("Root", "IAMUser", "AssumedRole", "Role", "FederatedUser", "Directory", "AWSAccount", "AWSService"),
        *("IdentityCenterUser", "SAMLUser", "WebIdentityUser", "Unknown"),
    }
    assert {(record["eventType"], record.get("eventCategory", "absent")) for record in records} >= {
        ("AwsApiCall", "absent"),
        ("AwsApiCall", "Management"),
        ("AwsApiCall", "Data"),
        ("AwsConsoleSignIn", "Management"),
        ("AwsServiceEvent", "Management"),
        ("AwsCloudTrailInsight", "Insight"),
        ("AwsVpceEvent", "NetworkActivity"),
    }
    assert {record["eventVersion"] for record in records} == {f"1.{minor:02}" for minor in range(5, 12)}
    data = {record["eventSource"] for record in records if record.get("eventCategory") == "Data"}
    assert data >= {"s3.amazonaws.com", "lambda.amazonaws.com", "dynamodb.amazonaws.com"}


def test_a_record_holds_no_field_that_came_after_its_version() -> None:
    for record in trail().records.values():
        minor = int(record["eventVersion"][2:])
        late = {"managementEvent": 6, "eventCategory": 7, "tlsDetails": 8, "sessionCredentialFromConsole": 8}
        assert [name for name, since in late.items() if name in record and minor < since] == []
        assert ("eventCategory" in record) is (minor >= 7)


def test_insight_and_network_records_lie_in_folders_of_their_own() -> None:
    folders = {
        (LOG_NAME.fullmatch(name)["folder"], record.get("eventCategory"))  # type: ignore[index]
        for name, records in trail().in_file.items()
        for record in records
        if record.get("eventCategory") in ("Insight", "NetworkActivity")
    }
    assert folders == {("CloudTrail-Insight", "Insight"), ("CloudTrail-NetworkActivity", "NetworkActivity")}
    insights = [record for record in trail().records.values() if record.get("eventCategory") == "Insight"]
    pairs = Counter(record["sharedEventID"] for record in insights)
    assert set(pairs.values()) == {2}


def test_most_of_the_volume_is_aws_calling_itself() -> None:
    records = trail(events=5000).records.values()
    own = [r for r in records if r.get("userIdentity", {}).get("invokedBy")]
    assert 0.75 < len(own) / len(records) < 0.88


def test_global_services_are_recorded_in_us_east_1() -> None:
    services = {"iam", "cloudfront", "signin", "sso", "organizations", "route53"}
    regions = {
        record["awsRegion"]
        for record in trail(events=5000).records.values()
        if record.get("eventSource", "").split(".")[0] in services
    }
    assert regions == {"us-east-1"}


def test_keys_stand_in_the_order_of_genuine_records() -> None:
    for record in trail().records.values():
        if record["eventType"] not in ("AwsCloudTrailInsight", "AwsVpceEvent"):
            assert list(record) == [key for key in KEY_ORDER if key in record], record


def test_the_shape_of_a_call_that_genuine_log_files_hold_is_theirs() -> None:
    folder = recording("invictus") / "AWSLogs"
    genuine: dict[tuple[str, str, bool], set[tuple[str, ...]]] = defaultdict(set)
    for path in folder.rglob("*.json.gz"):
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            genuine[shape(record)].add(tuple(record))
    unlike = {
        (shape(record), tuple(record))
        for record in trail(events=5000).records.values()
        if record["eventVersion"] > "1.07" and shape(record) in genuine
        if not any(set(keys) ^ set(record) <= OPTIONAL for keys in genuine[shape(record)])
    }
    assert unlike == set()


OPTIONAL = {
    "tlsDetails",
    "sessionCredentialFromConsole",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "addendum",
} | {
    "sharedEventID",
    "additionalEventData",
}


def shape(record: Record) -> tuple[str, str, bool]:
    return record.get("eventSource", ""), record.get("eventName", ""), "errorMessage" in record


def test_only_open_windows_are_held() -> None:
    a_scan = 85  # records that one account's scan may bring at once
    assert trail().simulation.most_open < 60 + 2 * a_scan
    assert trail(events=5000).simulation.most_open < 5000 // 20 + 2 * a_scan


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"story": "leaky"}, "--story: no story named 'leaky'; the stories are " + ", ".join(STORIES) + "."),
        ({"layout": "flat"}, "--layout: no layout named 'flat'; the layouts are organization, account."),
        ({"events": 7}, "--events: 7 is too few for a story and one of each record; give 200 or more."),
        ({"days": 0}, "--days: 0 is no span of time; give 1 or more."),
    ],
)
def test_a_wrong_request_says_what_would_be_right(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as error:
        simulate(tmp_path / "logs", **arguments)
    assert (str(error.value), (tmp_path / "logs").exists()) == (message, False)


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError) as error:
        simulate(tmp_path)
    assert str(error.value) == f"{tmp_path}: is not empty; name a new folder, or empty this one."
    assert tree(tmp_path) == {"notes.txt": b"mine"}
