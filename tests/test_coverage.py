"""Which hours a lake covers, by log files, digests and the events that tell of logging: every status, and why."""

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from conftest import record, write_log

from trailquery import Lake, open_lake
from trailquery.cli import trailquery
from trailquery.ingest import ingest
from trailquery.verdicts import VERDICTS_FILE

ACCOUNT, REGION, TRAIL = "111122223333", "eu-west-1", "main"
DAY = datetime(2024, 3, 1)  # noqa: DTZ001


class Bucket:
    """A bucket as a folder: log files and digests of trails, a lake beside it."""

    def __init__(self, folder: Path) -> None:
        self.root, self.lake_path = folder / "bucket", folder / "lake"
        self.names: dict[tuple[str, str, int], list[str]] = {}

    def log(self, hour: int, region: str = REGION, under: str = "", trail: str = TRAIL, **changes: Any) -> Path:
        """A file delivered in this hour of DAY, and not yet listed by a digest."""
        stamp = f"{DAY + timedelta(hours=hour, minutes=10):%Y%m%dT%H%MZ}"
        number = len(self.names.setdefault((region, trail, hour), []))
        name = f"{ACCOUNT}_CloudTrail_{region}_{stamp}_{trail}Rand{number:08}.json.gz"
        self.names[region, trail, hour].append(name)
        event = {
            "eventID": f"{region}-{trail}-{hour}-{number}",
            "eventTime": f"{DAY + timedelta(hours=hour, minutes=5):%Y-%m-%dT%H:%M:%SZ}",
            "awsRegion": region,
        }
        path = self.root / under / "AWSLogs" / ACCOUNT / "CloudTrail" / region / f"{DAY:%Y/%m/%d}" / name
        return write_log(path, [record(**event | changes)])

    def digest(
        self,
        *hours: int,
        region: str = REGION,
        under: str = "",
        trail: str = TRAIL,
        first: bool = False,
        minute: int = 3,
    ) -> None:
        """Digests of these hours, which end some minutes past the clock's; the first of them follows none if `first`."""
        for hour in hours:
            end = DAY + timedelta(hours=hour + 1, minutes=minute)
            place = f"{under and under + '/'}AWSLogs/{ACCOUNT}/CloudTrail-Digest/{region}/{end:%Y/%m/%d}"
            name = f"{ACCOUNT}_CloudTrail-Digest_{region}_{trail}_eu-west-1_{{:%Y%m%dT%H%M%SZ}}.json.gz"
            listed = self.names.get((region, trail, hour), [])
            follows_none = first and hour == hours[0]
            said = {
                "awsAccountId": ACCOUNT,
                "digestStartTime": f"{end - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
                "digestEndTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
                "digestS3Bucket": "logs",
                "digestS3Object": f"{place}/{name.format(end)}",
                "digestPublicKeyFingerprint": "0" * 32,
                "previousDigestS3Object": None if follows_none else name.format(end - timedelta(hours=1)),
                "previousDigestSignature": None if follows_none else "00",
                "logFiles": [{"s3Bucket": "logs", "s3Object": f"there/{one}", "hashValue": "0"} for one in listed],
            }
            path = self.root / place / name.format(end)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(json.dumps(said).encode(), mtime=0))

    def ingested(self) -> Lake:
        ingest([self.root], self.lake_path)
        return open_lake(self.lake_path)

    def statuses(self, lake: Lake | None = None) -> dict[int, str]:
        """By hour of DAY."""
        rows = (lake or self.ingested()).sql("SELECT hour, status FROM coverage_hours ORDER BY hour").rows()
        return {int((row["hour"].replace(tzinfo=None) - DAY) / timedelta(hours=1)): row["status"] for row in rows}

    def ask(self, *words: str) -> list[str]:
        done = CliRunner().invoke(trailquery, [*words, "--lake", str(self.lake_path)], catch_exceptions=False)
        return done.stderr.splitlines()


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket(tmp_path)


def test_an_hour_is_delivered_quiet_or_missing_as_its_digest_says(bucket: Bucket) -> None:
    bucket.log(0)
    bucket.log(2)
    bucket.log(2).unlink()
    bucket.log(5)
    bucket.digest(0, 1, 2, 4, 5)
    assert bucket.statuses() == {
        0: "delivered",
        1: "quiet",
        2: "missing",
        3: "missing",
        4: "quiet",
        5: "delivered",
        6: "not due",
    }


def test_only_a_digest_that_was_verified_proves_an_hour_quiet(bucket: Bucket) -> None:
    bucket.digest(0, 1)
    lake = bucket.ingested()
    (first, second) = lake.sql("SELECT file_sha256 FROM files ORDER BY delivered_at").rows()
    rows = [
        {"place": None, "kind": "digest", "file_sha256": file["file_sha256"], "verdict": verdict}
        for file, verdict in ((first, "intact"), (second, "unverifiable"))
    ]
    text = dict.fromkeys(("place", "kind", "file_sha256", "verdict", "reason", "trail"), pa.string())
    schema = pa.schema([*text.items(), ("hour", pa.timestamp("us")), ("verified_at", pa.timestamp("us"))])
    pq.write_table(pa.Table.from_pylist(rows, schema), bucket.lake_path / VERDICTS_FILE)
    assert bucket.statuses(open_lake(bucket.lake_path)) == {0: "proven quiet", 1: "quiet", 2: "not due"}


def test_logging_is_off_from_the_call_that_stops_it_to_the_one_that_starts_it(bucket: Bucket) -> None:
    trail: dict[str, Any] = {"eventSource": "cloudtrail.amazonaws.com", "readOnly": False}
    arn = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main"
    bucket.log(1, eventName="StopLogging", requestParameters={"name": arn}, eventTime="2024-03-01T01:05:00Z", **trail)
    bucket.log(
        4, eventName="StartLogging", requestParameters={"name": "main"}, eventTime="2024-03-01T04:00:00Z", **trail
    )
    bucket.log(5, eventName="StopLogging", requestParameters={"name": "main"}, errorCode="AccessDenied", **trail)
    bucket.digest(0, 1, 4, 5)
    off = {hour for hour, status in bucket.statuses().items() if status == "logging off"}
    assert off == {1, 2, 3}
    (why,) = (
        open_lake(bucket.lake_path)
        .sql("SELECT DISTINCT reason FROM coverage_hours WHERE status = 'logging off'")
        .rows()
    )
    assert why["reason"] == "StopLogging by alice"


def test_a_stopped_trail_stays_off_and_another_of_that_name_elsewhere_does_not_stop_it(bucket: Bucket) -> None:
    stop: dict[str, Any] = {"eventSource": "cloudtrail.amazonaws.com", "eventName": "DeleteTrail", "readOnly": False}
    bucket.log(1, requestParameters={"name": "main"}, **stop)
    bucket.log(2, region="us-east-1", under="other", trail="far")
    bucket.log(1, requestParameters={"name": "far"}, awsRegion="us-east-1", **stop)
    bucket.digest(0, 1)
    bucket.digest(0, 1, 2, region="us-east-1", under="other", trail="far")
    lake = bucket.ingested()
    rows = lake.sql("SELECT DISTINCT trail, status FROM coverage_hours ORDER BY ALL").rows()
    assert [tuple(row.values()) for row in rows] == [
        ("far", "delivered"), ("far", "not due"), ("far", "quiet"), ("main", "logging off"), ("main", "quiet"),
    ]  # fmt: skip


def test_a_trail_that_was_stopped_is_on_again_when_a_digest_begins_though_no_call_says_so(bucket: Bucket) -> None:
    stop: dict[str, Any] = {"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "readOnly": False}
    bucket.log(1, requestParameters={"name": "main"}, **stop)
    bucket.digest(0, 1)
    bucket.digest(4, first=True)
    bucket.log(5)
    bucket.digest(5)
    assert bucket.statuses() == {
        0: "quiet", 1: "logging off", 2: "logging off", 3: "logging off", 4: "logging off", 5: "delivered", 6: "not due",
    }  # fmt: skip


def test_a_trail_that_was_stopped_for_good_is_off_to_the_hour_in_which_its_bucket_was_read(bucket: Bucket) -> None:
    stop: dict[str, Any] = {"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "readOnly": False}
    bucket.log(1, requestParameters={"name": "main"}, **stop)
    bucket.digest(0, 1)
    bucket.digest(0, 1, region="us-east-1")
    bucket.log(9, trail="other")
    bucket.digest(*range(9), trail="other")
    rows = bucket.ingested().sql(
        "SELECT region, list(status ORDER BY hour) AS told FROM coverage_hours WHERE trail = 'main' GROUP BY region ORDER BY region"
    )
    assert [row["told"] for row in rows.rows()] == [["quiet", *["logging off"] * 9]] * 2


def test_a_digest_that_follows_none_says_that_logging_was_off_before_it(bucket: Bucket) -> None:
    bucket.digest(0, 1, first=True)
    bucket.digest(4, 5, first=True)
    assert bucket.statuses() == {
        0: "quiet", 1: "quiet", 2: "logging off", 3: "logging off", 4: "logging off", 5: "quiet", 6: "not due",
    }  # fmt: skip


def test_what_was_before_the_oldest_digest_was_not_collected_unless_the_trail_began_there(bucket: Bucket) -> None:
    bucket.log(0)
    bucket.digest(0, 1, 2, 3)
    bucket.digest(2, 3, region="us-east-1")
    bucket.digest(3, region="ap-south-1", first=True)
    rows = bucket.ingested().sql(
        "SELECT region, list(status ORDER BY hour) AS statuses FROM coverage_hours GROUP BY region ORDER BY region"
    )
    assert {row["region"]: row["statuses"][:4] for row in rows.rows()} == {
        "ap-south-1": ["quiet", "not due"],
        "eu-west-1": ["delivered", "quiet", "quiet", "quiet"],
        "us-east-1": ["not collected", "not collected", "quiet", "quiet"],
    }


def test_a_digest_is_due_an_hour_after_the_files_and_one_that_never_came_is_missing(bucket: Bucket) -> None:
    bucket.log(4, region="us-east-1")
    bucket.digest(0)
    bucket.digest(0, 1, 2, 3, 4, region="us-east-1", minute=20)
    lake = bucket.ingested()
    assert bucket.statuses(lake.narrowed(regions=(REGION,))) == {
        0: "quiet", 1: "missing", 2: "missing", 3: "missing", 4: "not due", 5: "not due",
    }  # fmt: skip


def test_without_digests_an_hour_without_files_was_not_collected(bucket: Bucket) -> None:
    bucket.log(0)
    bucket.log(3)
    bucket.log(6)
    assert bucket.statuses() == {
        0: "delivered", 1: "not collected", 2: "not collected", 3: "delivered", 4: "not collected", 5: "not due",
        6: "not due",
    }  # fmt: skip


def test_each_of_two_trails_in_one_folder_has_the_files_that_its_digests_list(bucket: Bucket) -> None:
    bucket.log(0)
    bucket.log(1, trail="second")
    bucket.digest(0, 1)
    bucket.digest(0, 1, trail="second")
    rows = bucket.ingested().sql("SELECT trail, list(status ORDER BY hour) AS s FROM coverage_hours GROUP BY trail")
    assert {row["trail"]: row["s"][:2] for row in rows.rows()} == {
        "main": ["delivered", "quiet"],
        "second": ["quiet", "delivered"],
    }


def test_a_region_and_an_hour_that_hold_other_events_tell_their_number_and_categories(bucket: Bucket) -> None:
    bucket.log(0, eventSource="s3.amazonaws.com", eventName="GetObject", eventCategory="Data", managementEvent=False)
    bucket.log(0)
    bucket.digest(0)
    (hour, _) = bucket.ingested().sql("FROM coverage_hours ORDER BY hour").rows()
    assert (hour["files"], hour["events"], hour["categories"]) == (2, 2, ["data", "management"])


def test_what_a_trail_lacks_that_another_has_is_listed(bucket: Bucket) -> None:
    data: dict[str, Any] = {
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "eventCategory": "Data",
        "managementEvent": False,
    }
    bucket.log(0, eventSource="iam.amazonaws.com", eventName="ListUsers", eventID="both")
    bucket.log(0, under="second", trail="second", eventSource="iam.amazonaws.com", eventName="ListUsers", eventID="both",
               eventTime="2024-03-01T00:05:00Z")  # fmt: skip
    bucket.log(0, under="second", trail="second", region="us-east-1", **data)
    bucket.digest(0)
    for region in (REGION, "us-east-1"):
        bucket.digest(0, under="second", trail="second", region=region)
    rows = bucket.ingested().sql("SELECT trail, records, lacks FROM trails ORDER BY trail").rows()
    assert [tuple(row.values()) for row in rows] == [
        ("main", ["global services", "management"], ["data", "data: s3", "region us-east-1"]),
        ("second", ["data", "data: s3", "global services", "management"], []),
    ]


def test_an_empty_answer_says_over_which_hours_it_holds_and_where_the_lake_is_blind(bucket: Bucket) -> None:
    bucket.log(0)
    bucket.log(9)
    bucket.digest(0, 1, 2, 6, 7, 8, 9)
    bucket.digest(*range(10), region="us-east-1")
    bucket.ingested()
    nothing = "SELECT event_id FROM events WHERE actor = 'nobody'"
    told = "0 rows; 7 of 11 h covered; missing 2024-03-01 03-05Z eu-west-1; not due 2024-03-01 10Z"
    assert bucket.ask("sql", nothing)[0] == told
    assert bucket.ask("sql", nothing, "--until", "2024-03-01T03:00Z")[1] == "0 rows; 3 of 3 h covered"
    assert open_lake(bucket.lake_path).sql(nothing).footer()[0] == told
    assert not [line for line in bucket.ask("sql", "SELECT event_id FROM events") if line.startswith("0 rows")]
    (blind,) = (line for line in bucket.ask("sql", nothing, "--account", "444455556666") if line.startswith("0 rows"))
    assert blind == f"0 rows; no hour of the scope is covered; see: trailquery coverage --lake {bucket.lake_path}"


def test_a_blind_spot_of_several_days_names_each_date_in_full(bucket: Bucket) -> None:
    bucket.digest(21, 27)
    nothing = bucket.ingested().sql("SELECT event_id FROM events WHERE actor = 'nobody'")
    blind = "missing 2024-03-01 22Z .. 2024-03-02 02Z; not due 2024-03-02 04Z"
    assert nothing.footer()[0] == f"0 rows; 2 of 8 h covered; {blind}"


def test_a_blind_spot_names_the_account_where_the_region_is_covered_in_another(bucket: Bucket) -> None:
    for folder in ("a", "b"):
        bucket.digest(0, 1, 2, 3, under=folder)
    other = bucket.root / "c" / "AWSLogs" / "444455556666" / "CloudTrail" / REGION
    for hour in (0, 3):
        name = f"444455556666_CloudTrail_{REGION}_20240301T{hour:02}10Z_abcdefghijklmnop.json.gz"
        write_log(other / name, [record(eventID=name, eventTime="2024-03-01T00:00:00Z", awsRegion=REGION)])
    lake = bucket.ingested()
    nothing = lake.narrowed(until=DAY + timedelta(hours=2)).sql("SELECT event_id FROM events WHERE actor = 'nobody'")
    assert nothing.footer()[0] == "0 rows; 1 of 2 h covered; not collected 2024-03-01 01Z 444455556666/eu-west-1"


def test_the_command_counts_the_hours_and_shows_them_alike_or_one_by_one(bucket: Bucket) -> None:
    bucket.log(0)
    bucket.digest(0, 1, 3)
    bucket.ingested()
    assert bucket.ask("coverage")[-1] == "hours: 1 delivered, 2 quiet, 1 missing, 1 not due"
    lake = ["--lake", str(bucket.lake_path)]
    runs = CliRunner().invoke(trailquery, ["coverage", "--status", "missing", *lake]).stdout.splitlines()
    assert [line.split(",")[3:7] for line in runs[1:]] == [
        ["missing", "2024-03-01T02:00:00Z", "2024-03-01T02:00:00Z", "1"]
    ]
    hours = CliRunner().invoke(trailquery, ["coverage", "--hours", *lake]).stdout.splitlines()
    assert [line.split(",")[4] for line in hours[1:]] == ["delivered", "quiet", "missing", "quiet", "not due"]
    trails = CliRunner().invoke(trailquery, ["coverage", "--trails", *lake]).stdout.splitlines()
    assert [line.split(",")[:2] for line in trails] == [["trail", "home_region"], ["main", "eu-west-1"]]


def cached(bucket: Bucket) -> list[Path]:
    return sorted((bucket.lake_path / "cache" / "digests").glob("*.parquet"))


def test_a_digest_is_read_once_and_a_cache_whose_bytes_changed_is_not_believed(bucket: Bucket) -> None:
    bucket.digest(0, 1)
    before = bucket.statuses()
    (made,) = cached(bucket)
    assert bucket.statuses(open_lake(bucket.lake_path)) == before
    assert cached(bucket) == [made]
    made.write_bytes(made.read_bytes()[:-1] + b"x")
    assert bucket.statuses(open_lake(bucket.lake_path)) == before
    bucket.digest(2)
    assert bucket.statuses() == {0: "quiet", 1: "quiet", 2: "quiet", 3: "not due"}


def test_where_nothing_can_be_written_the_answer_is_the_same(bucket: Bucket) -> None:
    bucket.digest(0, 1)
    lake = bucket.ingested()
    (bucket.lake_path / "cache" / "digests").write_text("no folder")
    assert bucket.statuses(lake) == {0: "quiet", 1: "quiet", 2: "not due"}
