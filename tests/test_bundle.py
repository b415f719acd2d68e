"""A bundle holds what proves its events, and names what it lacks."""

import gzip
import hashlib
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws import Aws, key
from bundles import by_role, entries_of, ids_of, manifest_of, proven_by, run_check, trail_in
from conftest import LOG_NAME, record, write_log
from runner import run
from trails import Trail

from trailquery import Lake, open_lake
from trailquery.bundle import Made, Question, bundle, check
from trailquery.catalog import find_query
from trailquery.errors import UsageError
from trailquery.inflate import GZIP_MAGIC
from trailquery.ingest import ingest
from trailquery.simulate.keys import SigningKey


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trail_in(tmp_path_factory.mktemp("trail"))


@pytest.fixture(scope="module")
def ids(trail: Path) -> list[str]:
    return ids_of(trail)


@pytest.fixture(scope="module")
def whole(trail: Path, ids: list[str]) -> tuple[Path, Made]:
    made = bundle(open_lake(trail / "lake"), ids, trail / "whole.zip")
    return trail / "whole.zip", made


def lies_at(path: Path, entry: dict[str, Any]) -> str:
    """What a log file of the bundle holds where the record of `entry` lies by the manifest."""
    source = entries_of(path)[proven_by(path)[entry["path"]] or ""]
    text = gzip.decompress(source) if source[:2] == GZIP_MAGIC else source
    return text[entry["offset"] :][: entry["length"]].decode()


def test_a_bundle_holds_what_proves_its_events(whole: tuple[Path, Made], ids: list[str], trail: Path) -> None:
    path, made = whole
    held, said = entries_of(path), manifest_of(path)
    assert (made.events, made.records, made.sources, made.absent) == (3, 3, 3, [])
    assert said["trailquery"] == "bundle"
    assert {entry["path"] for entry in said["entries"]} | {"manifest.json"} == set(held)
    raws = {
        row["event_id"]: row["raw"] for row in open_lake(trail / "lake").sql("SELECT event_id, raw FROM history").rows()
    }
    for entry in by_role(path, "record"):
        assert held[entry["path"]].decode() == raws[entry["event_id"]]
    for entry in by_role(path, "source"):
        assert held[entry["path"]] == Path(entry["places"][0]).read_bytes()
        listed = json.loads(gzip.decompress(held[proven_by(path)[entry["path"]] or ""]))["logFiles"]
        assert hashlib.sha256(gzip.decompress(held[entry["path"]])).hexdigest() in [log["hashValue"] for log in listed]
    assert made.digests > len({proven_by(path)[entry["path"]] for entry in by_role(path, "source")})  # and neighbours
    assert held["collection.jsonl"] == (trail / "logs" / "collection.jsonl").read_bytes()
    assert json.loads(held["keys/public-keys.json"])["PublicKeyList"]
    verdicts = {one["place"]: one["verdict"] for one in json.loads(held["verdicts.json"])}
    assert {verdicts[place] for entry in by_role(path, "source") for place in entry["places"]} == {"intact"}


def test_apart_from_its_time_equal_evidence_makes_equal_bytes(
    trail: Path, ids: list[str], whole: tuple[Path, Made]
) -> None:
    bundle(open_lake(trail / "lake"), ids, trail / "again.zip")
    first, second = (manifest_of(path) | {"made_at": ""} for path in (whole[0], trail / "again.zip"))
    assert first == second
    with zipfile.ZipFile(whole[0]) as one, zipfile.ZipFile(trail / "again.zip") as other:
        facts = [[(i.filename, i.date_time, i.external_attr, i.CRC) for i in a.infolist()[:-1]] for a in (one, other)]
    assert facts[0] == facts[1]


def packed(folder: Path, log: Path, *event_ids: str) -> tuple[Path, Made]:
    ingest([log], folder / "lake")
    return folder / "out.zip", bundle(open_lake(folder / "lake"), event_ids, folder / "out.zip")


def test_a_log_file_that_is_gone_or_was_changed_is_named_and_the_rest_is_whole(tmp_path: Path) -> None:
    logs = [write_log(tmp_path / f"{name}.json.gz", [record(eventID=name)]) for name in ("gone", "changed", "there")]
    ingest(logs, tmp_path / "lake")
    logs[0].unlink()
    sha256 = hashlib.sha256(write_log(logs[1], [record(eventID="planted")]).read_bytes()).hexdigest()
    made = bundle(open_lake(tmp_path / "lake"), ["gone", "changed", "there"], tmp_path / "out.zip")
    reasons = [lack["reason"] for lack in made.absent if lack["what"].startswith("the log file")]
    assert sorted(reasons) == [f"{logs[1]}: its SHA-256 is {sha256} now", f"{logs[0]}: nothing lies there"]
    assert manifest_of(tmp_path / "out.zip")["absent"] == made.absent
    assert (made.records, made.sources) == (3, 1)
    records = {entry["event_id"]: entry for entry in by_role(tmp_path / "out.zip", "record")}
    assert {name: proven_by(tmp_path / "out.zip")[entry["path"]] for name, entry in records.items()} == {
        "gone": None, "changed": None, "there": (there := by_role(tmp_path / "out.zip", "source")[0]["path"]),
    }  # fmt: skip
    paths = sorted(entry["path"] for entry in records.values())
    assert run_check(tmp_path, tmp_path / "out.zip") == (1, [f"{path}: not proven" for path in [*paths, there]])


def test_a_planted_digest_that_lists_the_same_file_takes_no_proof_away(tmp_path: Path) -> None:
    trail = Trail(hours=3)
    planted = json.loads(trail.objects[trail.digests[1]].text)
    planted["digestS3Object"] = trail.digests[1].replace("_events_", "_zzz_")
    trail.put_digest(planted["digestS3Object"], planted, SigningKey(2))
    ingest([trail.write(tmp_path / "logs")], tmp_path / "lake")
    bundle(open_lake(tmp_path / "lake"), ["event-2"], tmp_path / "out.zip")
    (forged,) = (one for one in by_role(tmp_path / "out.zip", "digest") if "_zzz_" in one["place"])
    told = f"proven by {trail.key.fingerprint}: 1 records; manifest "
    wrong, said = check(tmp_path / "out.zip")
    assert (wrong, said[: len(told)]) == ([f"{forged['path']}: not proven"], told)


@pytest.mark.parametrize("stamp", ["00010101T0000Z", "99991231T2359Z"])
def test_a_file_of_any_time_is_packed_without_a_digest(stamp: str, tmp_path: Path) -> None:
    logs, (oldest, *_) = (trail := Trail(hours=1)).write(tmp_path / "logs"), trail.log_files
    planted = logs / oldest.replace(oldest.split("_")[-2], stamp)
    planted.write_bytes(gzip.compress(json.dumps({"Records": [record(eventID="planted")]}).encode()))
    ingest([logs], tmp_path / "lake")
    bundle(open_lake(tmp_path / "lake"), ["planted"], tmp_path / "out.zip")
    left = ["records/000001.json: not proven", "source_files/0001.json.gz: not proven"]
    assert check(tmp_path / "out.zip")[0] == left


def test_a_member_of_an_archive_is_read_again(tmp_path: Path) -> None:
    log = write_log(tmp_path / LOG_NAME, [record(eventID="in-tar")])
    with tarfile.open(tmp_path / "logs!.tar.gz", "w:gz") as archive:
        archive.add(log, "a/" + LOG_NAME)
    path, made = packed(tmp_path, tmp_path / "logs!.tar.gz", "in-tar")
    assert made.sources == 1
    assert entries_of(path)["source_files/0001.json.gz"] == log.read_bytes()


@pytest.mark.parametrize(
    "body",
    [
        lambda raw: json.dumps({"Events": [{"EventId": "wrapped", "CloudTrailEvent": raw}]}, indent=1),
        lambda raw: json.dumps(
            {"logEvents": [{"message": json.dumps({"detail-type": "x", "detail": json.loads(raw)})}]}
        ),
        lambda raw: f'{{"detail-type": "AWS API Call via CloudTrail", "detail": {raw}}}',
    ],
    ids=["lookup-events", "envelope in a log event", "envelope"],
)
def test_a_record_in_a_wrapper_is_found_at_its_byte(body: Callable[[str], str], tmp_path: Path) -> None:
    raw = json.dumps(record(eventID="wrapped", userAgent='a "quoted" \\ ünïcode'))
    (tmp_path / "log.json").write_text(body(raw))
    path, _ = packed(tmp_path, tmp_path / "log.json", "wrapped")
    (entry,) = by_role(path, "record")
    told = lies_at(path, entry)
    assert raw == told or (told[:1] == '"' and entries_of(path)[entry["path"]].decode() in json.loads(told))


def test_copies_and_variants_come_along_and_ids_never_become_paths(tmp_path: Path) -> None:
    hostile = "../../etc/passwd\x1b[31m"
    first, second = record(eventID=hostile), record(eventID=hostile, userAgent="planted")
    ingest(
        [write_log(tmp_path / "1.json", [first, first]), write_log(tmp_path / "2.json", [second, first])],
        tmp_path / "lake",
    )
    made = bundle(open_lake(tmp_path / "lake"), [hostile], tmp_path / "out.zip")
    path = tmp_path / "out.zip"
    copies = sorted(
        (Path(entry["source_file"]).name, entry["position"], entry["copy"]) for entry in by_role(path, "record")
    )
    assert [copy[:2] for copy in copies] == [("1.json", 0), ("1.json", 1), ("2.json", 0), ("2.json", 1)]
    assert sorted(copy[2] for copy in copies) == ["again", "again", "shown", "variant"]
    assert (made.events, made.records, made.sources) == (1, 4, 2)
    assert all(".." not in name and name.isascii() for name in entries_of(path))
    offsets = {
        entry["position"]: entry["offset"]
        for entry in by_role(path, "record")
        if entry["source_file"].endswith("1.json")
    }
    assert offsets[0] < offsets[1]
    for entry in by_role(path, "record"):
        assert lies_at(path, entry) == entries_of(path)[entry["path"]].decode()


def test_a_query_comes_with_its_sql_and_rows(trail: Path, tmp_path: Path) -> None:
    lake = open_lake(trail / "lake")
    (caller,) = lake.sql(
        "SELECT access_key_id FROM history WHERE access_key_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    ).rows()
    question = Question(find_query("timeline_key"), {"key": caller["access_key_id"]})
    made = bundle(lake, [], tmp_path / "out.zip", question)
    held, rows = entries_of(tmp_path / "out.zip"), lake.run("timeline_key", key=caller["access_key_id"]).rows()
    shown = [json.loads(line)["event_id"] for line in held["rows.jsonl"].splitlines()]
    assert (
        shown
        == [row["event_id"] for row in rows]
        == [row["event_id"] for row in lake.sql(held["query.sql"].decode()).rows()]
    )
    assert held["rows.csv"].count(b"\n") == len(rows) + 1
    assert made.events == len(set(shown)) > 0
    assert manifest_of(tmp_path / "out.zip")["question"]["params"]["key"] == caller["access_key_id"]


def test_what_cannot_be_packed_is_refused_and_leaves_no_file(lake_of: Callable[..., Lake], tmp_path: Path) -> None:
    lake, out = lake_of([{"eventID": "here"}]), tmp_path / "out.zip"
    with pytest.raises(UsageError, match="--events nowhere: no such event"):
        bundle(lake, ["here", "nowhere"], out)
    for name, why in (("console_logins", "it has no rows"), ("coverage", "its rows name no events")):
        with pytest.raises(UsageError, match=f"^{name}: {why}; name events with --events$"):
            bundle(lake, [], out, Question(find_query(name), {}))
    with pytest.raises(UsageError, match="no events named"):
        bundle(lake, [], out)
    assert not list(tmp_path.glob("*out.zip*"))
    out.write_text("evidence")
    with pytest.raises(UsageError, match="is there already"):
        bundle(lake, ["here"], out)
    assert out.read_text() == "evidence"


def test_the_command_packs_ids_and_queries_and_prints_the_sha256_of_the_manifest(trail: Path, ids: list[str]) -> None:
    said = run(trail, "bundle", "cli.zip", "--events", ",".join(ids[:2]))
    assert said.code == 0
    assert said.out == hashlib.sha256(entries_of(trail / "cli.zip")["manifest.json"]).hexdigest() + "\n"
    assert said.err.endswith(
        "2 events, 2 records, 2 log files, {} digests\n".format(len(by_role(trail / "cli.zip", "digest")))
    )
    by_query = run(trail, "bundle", "query.zip", "--query", "event", "--", ids[0])
    assert (by_query.code, len(by_role(trail / "query.zip", "record"))) == (0, 1)
    for wrong in (["x.zip"], ["x.zip", "--events", ids[0], "--", "1"], ["x.zip", "--events", ids[0], "--profile", "x"]):
        assert run(trail, "bundle", *wrong).code == 2


def test_an_object_is_fetched_from_s3_when_asked(aws: Aws, tmp_path: Path) -> None:
    aws.s3.put_bucket_versioning(Bucket=aws.name, VersioningConfiguration={"Status": "Enabled"})
    place = aws.put(key("2024/03/01"), "in-s3")
    aws.ingest(tmp_path / "lake")
    first = aws.s3.get_object(Bucket=aws.name, Key=place)["Body"].read()
    aws.put(place, "planted")  # over it
    arguments = ("bundle", "--events", "in-s3", "--lake", "lake")
    left = run(tmp_path, *arguments, "left.zip")
    assert f"s3://{aws.name}/{place}: not fetched; add --fetch" in left.err
    fetched = run(tmp_path, *arguments, "fetched.zip", "--fetch", "--endpoint-url", aws.url)
    assert fetched.code == 0
    assert entries_of(tmp_path / "fetched.zip")["source_files/0001.json.gz"] == first


def test_a_bundle_from_a_copied_bucket_is_proven(aws: Aws, tmp_path: Path) -> None:
    trail = Trail(hours=2)  # of another bucket
    for name, copied in trail.objects.items():
        aws.s3.put_object(Bucket=aws.name, Key=name, Body=copied.data, Metadata=dict(copied.metadata))
    aws.ingest(tmp_path / "lake")
    (tmp_path / "keys.json").write_text(json.dumps({"PublicKeyList": trail.keys}))
    assert run(tmp_path, "verify", "--lake", "lake", "--keys", "keys.json", "--until", "2024-03-01T12:00").code == 0
    fetched = ("--events", "event-1", "--lake", "lake", "--fetch", "--endpoint-url", aws.url)
    assert run(tmp_path, "bundle", "case.zip", *fetched).code == 0
    assert run(tmp_path, "verify", "case.zip").code == 0
