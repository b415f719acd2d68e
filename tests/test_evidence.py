"""What sources and lakes hold of evidence, as `integrity` judges it."""

import gzip
import json
import shutil
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from aws import Aws
from hypothesis import given, settings
from hypothesis import strategies as st
from trails import HOUR, START, Trail
from validate_logs import services

from trailquery import evidence
from trailquery.digests import FaultError, public_keys, read_digest
from trailquery.errors import UsageError
from trailquery.evidence import Held, held_by_lake, held_by_source, keep_verdicts
from trailquery.ingest import ingest
from trailquery.integrity import Verified, verify
from trailquery.ledger import kept_keys
from trailquery.simulate import simulate
from trailquery.simulate.keys import SigningKey
from trailquery.sources import LogFile, open_source
from trailquery.sources.aws import Access
from trailquery.sources.s3 import open_bucket


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trail") / "logs"
    simulate(out, events=300, story="trail-tampering", days=1)
    return out


def of_source(source: Path) -> Verified:
    return verify(*held_by_source(open_source(source)))


def verdicts(found: Verified, below: Path) -> dict[str, str]:
    """Of each file that is not sound, by its path."""
    wrong = (file for file in found.files if file.verdict not in ("intact", "pending"))
    return {file.place.removeprefix(f"{below.as_posix()}/"): file.verdict for file in wrong}


def test_a_simulated_tree_is_intact_with_its_metadata_and_keys_beside_it(tree: Path):
    found = of_source(tree)
    assert found.is_sound
    assert {one.verdict for one in found.chains} == {"whole", "gap"}
    assert Counter(file.verdict for file in found.files)["intact"] > 400


def test_any_log_file_and_any_digest_deleted_from_a_simulated_tree_are_named(tree: Path):
    held, listed, digests = what_lies(tree)

    @settings(max_examples=200, deadline=None)
    @given(st.sampled_from(sorted(listed)), st.sampled_from(digests))
    def check(log: str, digest: str) -> None:
        gone = {f"{tree.as_posix()}/{log}", digest}
        left = ([one for one in files if one.place not in gone] for files in (held.digests, held.logs))
        assert verdicts(verify(*left, held.keys, held.now), tree) == expected(tree, listed, log, digest)

    check()


def test_a_log_file_and_a_digest_deleted_on_disk_are_named(tree: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy)
    _, listed, digests = what_lies(copy)
    log, digest = sorted(listed)[40], digests[60]
    (copy / log).unlink()
    Path(digest).unlink()
    assert verdicts(of_source(copy), copy) == expected(copy, listed, log, digest)


def what_lies(tree: Path) -> tuple[Held, dict[str, str], list[str]]:
    """All of it; by key of each listed log file the digest that lists it; digests but the newest of each chain."""
    held = held_by_source(open_source(tree))
    listed = {
        one.s3_object: digest.place for digest in held.digests for one in read_digest(digest.text or b"").log_files
    }
    newest = {place.partition("/2026/")[0]: place for place in sorted(digest.place for digest in held.digests)}
    return held, listed, sorted({digest.place for digest in held.digests} - set(newest.values()))


def expected(tree: Path, listed: dict[str, str], log: str, digest: str) -> dict[str, str]:
    """The log is not known where the digest that alone lists it is gone, too."""
    key = digest.removeprefix(f"{tree.as_posix()}/")
    orphans = [name for name, by in listed.items() if by == digest and name != log]
    told = {key: "missing", **dict.fromkeys(orphans, "unverifiable")}
    return told if listed[log] == digest else told | {log: "missing"}


def test_an_archive_of_a_copy_is_as_good_as_the_copy(tmp_path: Path):
    Trail().write(tmp_path / "copy")
    archive = shutil.make_archive(str(tmp_path / "copy"), "zip", tmp_path / "copy")
    assert of_source(Path(archive)).is_sound


def test_of_a_plain_copy_all_but_the_newest_digest_is_proven_by_the_next(tmp_path: Path):
    trail = Trail()
    copy = trail.write(tmp_path / "copy")
    for path in copy.rglob("*.metadata.json"):
        path.unlink()
    found = of_source(copy)
    assert verdicts(found, copy) == dict.fromkeys([trail.digests[-1], *trail.listed_by(5)], "unverifiable")
    assert {file.reason.partition(":")[0] for file in found.files if file.verdict == "unverifiable"} == {
        "hash only",
        "its hash is right, but hash only",
    }
    assert [chain.verdict for chain in found.chains] == ["unsigned"]


def test_a_copy_without_its_prefix_or_unpacked_is_sound(tmp_path: Path):
    trail = Trail(prefix="audit/trails")
    copy = trail.write(tmp_path / "whole")
    assert of_source(copy / "audit" / "trails").chains[0].verdict == "unsigned"  # the keys lie above
    shutil.copy(copy / "public-keys.json", copy / "audit" / "trails")
    assert of_source(copy / "audit" / "trails").is_sound
    for key in trail.log_files:
        (copy / key).with_suffix("").write_bytes(gzip.decompress((copy / key).read_bytes()))
        (copy / key).unlink()
    assert of_source(copy).is_sound


def test_a_long_file_is_judged_like_a_short_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    trail = Trail()
    copy = trail.write(tmp_path / "copy")
    cut, extended, padded = (copy / trail.log_files[number] for number in (3, 5, 7))
    cut.write_bytes(cut.read_bytes()[:-9])
    extended.write_bytes(extended.read_bytes() + gzip.compress(b""))
    padded.write_bytes(padded.read_bytes() + b"\0" * 512)
    short = held_by_source(open_source(copy)).logs
    monkeypatch.setattr(evidence, "_LONG_BYTES", 10)
    long = held_by_source(open_source(copy)).logs
    assert [(log.sha256, log.problem) for log in long] == [(log.sha256, log.problem) for log in short]
    assert Counter(log.problem for log in long)[None] == len(trail.log_files) - 3


def test_versions_of_a_collected_copy_are_judged_by_what_was_delivered(tmp_path: Path):
    trail = Trail()
    copy, key = trail.write(tmp_path / "copy"), trail.log_files[3]
    older = copy / ".versions" / key / "3HL4kqtJlcpXroDTDmJ.json.gz"
    older.parent.mkdir(parents=True)
    older.write_bytes((copy / key).read_bytes())
    (copy / key).write_bytes(gzip.compress(b"{}"))
    found = of_source(copy)
    assert verdicts(found, copy) == {key: "changed"}
    assert [file.verdict for file in found.files if file.place == older.as_posix()] == ["intact"]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 17), st.integers(0, 10_000), st.integers(0, 7))
def test_what_is_intact_inflates_to_what_was_delivered(number: int, byte: int, bit: int):
    trail = Trail()
    key = [*trail.digests, *trail.log_files][number]
    data, text = bytearray(trail.objects[key].data), trail.objects[key].text
    data[byte % len(data)] ^= 1 << bit

    class Source:
        def files(self, known: object) -> list[LogFile]:
            files = {name: item.data for name, item in trail.objects.items()} | {key: bytes(data)}
            return [LogFile(name, content, None) for name, content in files.items()]

    held = held_by_source(Source())  # type: ignore[arg-type]
    digests = [one._replace(metadata=trail.objects[one.place].metadata) for one in held.digests]
    (said,) = (
        file.verdict for file in verify(digests, held.logs, trail.public_keys(), trail.now).files if file.place == key
    )
    is_same = said == "intact"
    try:
        assert not is_same or gzip.decompress(bytes(data)) == text
    except (OSError, EOFError, FaultError):
        pytest.fail("what does not inflate is not intact")


def test_the_lake_of_a_copy_is_verified_without_it(tmp_path: Path):
    trail = Trail()
    gone, changed = trail.log_files[2], trail.log_files[7]
    trail.delete(gone)
    trail.objects[changed] = trail.objects[changed]._replace(data=gzip.compress(b'{"Records":[]}'))
    copy, lake = trail.write(tmp_path / "copy"), tmp_path / "lake"
    ingest([copy], lake)
    shutil.rmtree(copy)
    held = held_by_lake(lake)
    found = verify(*held)
    assert verdicts(found, copy) == {gone: "missing", changed: "changed"}
    keep_verdicts(lake, found, START)
    kept = lake / "evidence" / "verdicts.parquet"
    table = pq.read_table(kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert table.column_names == ["place", "kind", "file_sha256", "verdict", "reason", "trail", "hour", "verified_at"]
    assert Counter(table["verdict"].to_pylist()) == {"intact": 16, "missing": 1, "changed": 1}
    assert table.column("file_sha256").null_count == 1  # of what is missing


def test_the_public_keys_of_several_copies_are_kept_by_fingerprint(tmp_path: Path):
    for seed in (1, 2):
        Trail(hours=1, key=SigningKey(seed)).write(tmp_path / str(seed))
        ingest([tmp_path / str(seed)], tmp_path / "lake")
    assert kept_keys(tmp_path / "lake").keys() == {SigningKey(1).fingerprint, SigningKey(2).fingerprint}
    assert (tmp_path / "lake" / "evidence" / "public-keys.json").stat().st_mode & 0o777 == 0o600


def test_no_time_that_a_digest_makes_up_is_asked_keys_for():
    trail = Trail(hours=2)
    digests, _ = trail.stored()
    ahead = digests[0]._replace(place=digests[0].place.replace("20240301T110000", "99991231T235959"))
    times = ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "yesterday", 5, None]
    odd = [digests[0]._replace(metadata={"backfill-generation-timestamp": time}) for time in times]
    spans = {"us-east-1": (START, START + 4 * HOUR)}
    assert Held([ahead, *odd, digests[1]], [], {}, trail.now).unsigned_spans() == spans


@pytest.mark.parametrize("fingerprint", [5, None, [], "", "\ud800", "g" * 32])
def test_a_list_of_keys_under_names_that_are_no_fingerprints_is_none(fingerprint: Any):
    key = Trail(hours=1).keys[0] | {"Fingerprint": fingerprint}
    with pytest.raises(UsageError, match="holds no PublicKeyList"):
        public_keys(json.dumps({"PublicKeyList": [key]}).encode(), "keys.json")


def put(aws: Aws, trail: Trail) -> None:
    trail.bucket = aws.name
    for key, item in trail.objects.items():
        aws.s3.put_object(Bucket=aws.name, Key=key, Body=item.data, Metadata=dict(item.metadata))


def test_keys_and_metadata_that_lie_in_a_bucket_are_not_believed(aws: Aws, tmp_path: Path):
    trail = Trail(bucket=aws.name)
    put(aws, trail)
    digest = trail.digests[0]
    aws.s3.put_object(Bucket=aws.name, Key=digest, Body=trail.objects[digest].data)
    sidecar = {"trailquery": "object-metadata", "metadata": dict(trail.objects[digest].metadata)}
    aws.s3.put_object(Bucket=aws.name, Key=f"{digest}.metadata.json", Body=json.dumps(sidecar).encode())
    listing = {"trailquery": "public-keys", "PublicKeyList": trail.keys}
    aws.s3.put_object(Bucket=aws.name, Key="public-keys.json", Body=json.dumps(listing).encode())
    held = held_by_source(open_bucket(f"s3://{aws.name}", Access(endpoint_url=aws.url)))
    assert held.keys == {}
    found = verify(held.digests, held.logs, trail.public_keys(), trail.now)
    assert {file.verdict for file in found.files if file.place.endswith(digest)} == {"changed"}
    aws.ingest(tmp_path / "lake")
    assert kept_keys(tmp_path / "lake") == {}


def test_keys_that_were_collected_from_a_bucket_are_not_believed(tmp_path: Path):
    """Neither as a file nor in an archive, which collections may hold, nor in one within an archive of the copy."""
    copy = Trail(hours=1).write(tmp_path / "copy")
    planted = (Trail(hours=1, key=SigningKey(2)).write(tmp_path / "other") / "public-keys.json").read_bytes()
    (copy / "AWSLogs" / "public-keys.json").write_bytes(planted)
    with zipfile.ZipFile(copy / "AWSLogs" / "logs.zip", "w") as archive:
        archive.writestr("public-keys.json", planted)
    for path in ("public-keys.json", "logs.zip"):
        (copy / "AWSLogs" / f"{path}.metadata.json").write_text('{"trailquery": "object-metadata", "metadata": {}}')
    (tmp_path / "packed").mkdir()
    with zipfile.ZipFile(tmp_path / "packed" / "case.zip", "w") as archive:
        archive.write(copy / "public-keys.json", "public-keys.json")
        archive.write(copy / "AWSLogs" / "logs.zip", "logs.zip")
    for source in (copy, tmp_path / "packed"):
        ingest([source], tmp_path / f"lake of {source.name}")
        assert held_by_source(open_source(source)).keys.keys() == {SigningKey(1).fingerprint}
        assert kept_keys(tmp_path / f"lake of {source.name}").keys() == {SigningKey(1).fingerprint}


def test_what_s3_refuses_is_unverifiable(aws: Aws):
    trail = Trail(bucket=aws.name)
    put(aws, trail)
    refused = trail.log_files[3]
    aws.proxy.fault = lambda method, path: (403, "AccessDenied", "Access Denied") if refused in path else None
    held = held_by_source(open_bucket(f"s3://{aws.name}", Access(endpoint_url=aws.url)))
    found = verify(held.digests, held.logs, trail.public_keys(), trail.now)
    (said,) = (file for file in found.files if file.verdict != "intact")
    assert (said.place, said.verdict, said.reason) == (
        f"s3://{aws.name}/{refused}",
        "unverifiable",
        "its bytes could not be had: AccessDenied: Access Denied; s3:GetObject is missing",
    )


def test_the_lake_of_a_bucket_asks_cloudtrail_for_the_keys_once(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from click.testing import CliRunner

    from trailquery.cli import trailquery

    trail, lake = Trail(bucket=aws.name), tmp_path / "lake"
    put(aws, trail)
    monkeypatch.setattr("trailquery.utc.now", lambda: trail.now)
    aws.ingest(lake)
    with services(trail) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", url)
        first = CliRunner().invoke(trailquery, ["verify", "--lake", str(lake)])
    assert (first.exit_code, first.stderr) == (0, "")
    again = CliRunner().invoke(trailquery, ["verify", "--lake", str(lake)])
    assert (again.exit_code, again.stdout) == (0, first.stdout)


def test_online_each_object_is_fetched_once_and_no_day_is_listed(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    from click.testing import CliRunner

    from trailquery.cli import trailquery

    trail = Trail(bucket=aws.name)
    put(aws, trail)
    monkeypatch.setattr("trailquery.utc.now", lambda: trail.now)
    with services(trail) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", url)
        done = CliRunner().invoke(trailquery, ["verify", f"s3://{aws.name}", "--endpoint-url", aws.url])
    assert (done.exit_code, done.stderr) == (0, "")
    lists = [asked for asked in aws.proxy.asked if "list-type" in asked]
    assert [asked for asked in lists if "2024%2F03%2F01" in asked] == []
    gets = [asked for asked in aws.proxy.asked if asked.endswith(".json.gz")]
    assert sorted(gets) == [f"GET /{aws.name}/{key}" for key in sorted(trail.objects)]
