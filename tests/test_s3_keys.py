"""Lists of keys: S3 Inventory as S3 writes it, and plain lists."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_plus

import pyarrow as pa
import pytest
from aws import Aws, key
from lakes import events, statuses
from pyarrow import orc, parquet

from trailquery.errors import UsageError
from trailquery.ingest import Summary
from trailquery.sources.found import NO_OBJECT, LeftAlone, ObjectVersion
from trailquery.sources.keys import read_keys
from trailquery.sources.s3 import Object

ETAG = "9dd4e461268c8034f5c8564e155c67a6"
VERSIONS = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass"


def row(*values: str) -> str:
    return ",".join(f'"{value}"' for value in values)


def inventory(folder: Path, schema: str, *files: list[str], **changes: object) -> Path:
    """The manifest of an inventory, its files in ../data as S3 lays them."""
    (folder / "data").mkdir(parents=True)
    (folder / "2024-03-02T01-00Z").mkdir()
    names = [f"data/{number}.csv.gz" for number in range(len(files))]
    for name, rows in zip(names, files, strict=True):
        (folder / name).write_bytes(gzip.compress("\n".join(rows).encode()))
    manifest = {
        "sourceBucket": "logs",
        "destinationBucket": "arn:aws:s3:::inventories",
        "version": "2016-11-30",
        "creationTimestamp": "1709341200000",
        "fileFormat": "CSV",
        "fileSchema": schema,
        "files": [{"key": f"inventories/logs/daily/{name}", "size": 1, "MD5checksum": "0"} for name in names],
    }
    path = folder / "2024-03-02T01-00Z" / "manifest.json"
    path.write_text(json.dumps(manifest | changes))
    return path


def test_an_inventory_of_versions_tells_version_size_and_etag(tmp_path: Path) -> None:
    rows = [
        row("logs", "a%3Db/odd+key%C3%BC.json.gz", "v2", "true", "false", "20", "2024-03-01T10:00:00.000Z", ETAG),
        row("logs", "a%3Db/odd+key%C3%BC.json.gz", "v1", "false", "false", "10", "2024-02-01T10:00:00.000Z", ETAG),
        row("logs", "gone.json.gz", "v3", "true", "true", "", "2024-03-01T10:00:00.000Z", ""),
        row("elsewhere", "x.json.gz", "v1", "true", "false", "10", "2024-03-01T10:00:00.000Z", ETAG),
    ]
    told = (
        Object("a=b/odd keyü.json.gz", ObjectVersion(ETAG, 20, "v2")),
        Object("a=b/odd keyü.json.gz", ObjectVersion(ETAG, 10, "v1"), is_current=False),
        LeftAlone(
            "s3://logs/gone.json.gz", "a delete marker: the object was deleted at 2024-03-01T10:00:00.000Z"
        ),
    )  # fmt: skip
    manifest = inventory(tmp_path, VERSIONS, rows[:1], rows)
    assert read_keys(manifest, "logs") == told
    assert read_keys(tmp_path / "data/1.csv.gz", "logs") == told
    (tmp_path / "plain.csv").write_text("\r\n".join(rows))
    assert read_keys(tmp_path / "plain.csv", "logs") == told


def test_a_manifest_says_which_column_is_which(tmp_path: Path) -> None:
    rows = [row("logs", "a.json.gz", "2024-03-01T10:00:00.000Z", ETAG, "STANDARD", "17")]
    manifest = inventory(tmp_path, "Bucket, Key, LastModifiedDate, ETag, StorageClass, Size", rows)
    assert read_keys(manifest, "logs") == (Object("a.json.gz", ObjectVersion(ETAG, 17)),)


@pytest.mark.parametrize("write", [parquet.write_table, orc.write_table])
def test_an_inventory_may_be_a_table_whose_keys_are_as_they_are(
    tmp_path: Path, write: Callable[[pa.Table, Path], None]
) -> None:
    rows = [
        {"key": "a%3Db/odd+keyü.json.gz", "version_id": "v2", "is_latest": True, "size": 20, "e_tag": ETAG},
        {"key": "old.json.gz", "version_id": None, "is_latest": False, "size": 10, "e_tag": ETAG},
        {"key": "gone.json.gz", "version_id": "v3", "is_latest": True, "is_delete_marker": True},
        {"key": "x.json.gz", "bucket": "elsewhere"},
    ]
    blank = {"bucket": "logs", "version_id": None, "is_latest": None, "is_delete_marker": False, "size": None}
    common = blank | {"e_tag": None, "last_modified_date": "2024-03-01 10:00", "storage_class": "STANDARD"}
    manifest = inventory(tmp_path, "message s3.inventory { required binary bucket (UTF8); }", [])
    write(pa.Table.from_pylist([common | row for row in rows]), tmp_path / "data/0.csv.gz")
    told = (
        Object("a%3Db/odd+keyü.json.gz", ObjectVersion(ETAG, 20, "v2")),
        Object("old.json.gz", ObjectVersion(ETAG, 10), is_current=False),
        LeftAlone("s3://logs/gone.json.gz", "a delete marker: the object was deleted at 2024-03-01 10:00"),
    )
    assert [read_keys(path, "logs") for path in (manifest, tmp_path / "data/0.csv.gz")] == [told, told]


@pytest.mark.parametrize(
    "printed",
    [
        "2024-03-01 10:05:00        332 a b.json.gz\n2024-03-01 10:05:00         99 c.json.gz\n",  # aws s3 ls
        '[\n    "a b.json.gz",\n    "c.json.gz"\n]\n',  # aws s3api ... --query 'Contents[].Key'
        "a b.json.gz\tc.json.gz\r\n",  # the same with --output text
        '"a b.json.gz"\r\n"c.json.gz"\r\n',
    ],
)
def test_keys_are_read_as_the_aws_cli_prints_them(tmp_path: Path, printed: str) -> None:
    (tmp_path / "list").write_text(printed, newline="")
    assert read_keys(tmp_path / "list", "logs") == (Object("a b.json.gz", NO_OBJECT), Object("c.json.gz", NO_OBJECT))


@pytest.mark.parametrize(
    ("line", "stored"),
    [
        (row("logs", "a.json.gz"), NO_OBJECT),
        (row("logs", "a.json.gz", "99"), ObjectVersion(size_bytes=99)),
        (row("logs", "a.json.gz", "2024-03-01T10:00:00.000Z", ETAG, "STANDARD"), NO_OBJECT),  # no column is guessed
        ("logs,a.json.gz,99,2024-03-01T10:00:00.000Z", ObjectVersion(size_bytes=99)),
        ("s3://logs/a.json.gz", NO_OBJECT),
        ("a.json.gz", NO_OBJECT),
    ],
)
def test_a_line_is_a_row_a_url_or_a_key(tmp_path: Path, line: str, stored: ObjectVersion) -> None:
    (tmp_path / "list").write_text(f"{line}\n\n")
    assert read_keys(tmp_path / "list", "logs") == (Object("a.json.gz", stored),)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"files": None}, "no manifest of S3 Inventory: Expected `array`, got `null` - at `$.files`"),
        ({"files": [{"key": "data/9.csv.gz"}]}, "names data/9.csv.gz, which is neither beside it nor in ../data"),
        ({"files": [{"key": "manifest.json"}]}, "names no key of the bucket logs"),
        ({"fileSchema": "Key, Size"}, "names no key of the bucket logs"),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_a_wrong_request(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    manifest = inventory(tmp_path, VERSIONS, [row("logs", "a.json.gz")], **changes)
    with pytest.raises(UsageError) as error:
        read_keys(manifest, "logs")
    assert told in str(error.value)


def listed(aws: Aws) -> list[str]:
    """An inventory of the bucket as it is."""
    versions = aws.s3.list_object_versions(Bucket=aws.name)
    return [
        row(aws.name, quote_plus(one["Key"]), one["VersionId"], str(one["IsLatest"]).lower(), str(deleted).lower(),
            "" if deleted else str(one["Size"]), one["LastModified"].isoformat(), one.get("ETag", "").strip('"'))
        for kind, deleted in (("Versions", False), ("DeleteMarkers", True))
        for one in versions.get(kind, [])
    ]  # fmt: skip


def test_versions_of_an_inventory_are_read_when_asked_for_and_not_fetched_twice(aws: Aws, tmp_path: Path) -> None:
    aws.s3.put_bucket_versioning(Bucket=aws.name, VersioningConfiguration={"Status": "Enabled"})
    aws.put(key("2024/03/01"), "overwritten")
    aws.put(key("2024/03/01"), "shown")
    aws.put(key("2024/03/02"), "deleted")
    aws.s3.delete_object(Bucket=aws.name, Key=key("2024/03/02"))
    keys = read_keys(inventory(tmp_path, VERSIONS, listed(aws)), aws.name)
    lake = tmp_path / "lake"

    def ingest(**choice: bool) -> Summary:
        aws.proxy.asked.clear()
        return aws.ingest(lake, keys=keys, **choice)

    assert sorted(left.reason.partition(" at ")[0] for left in ingest().left_alone) == [
        "a delete marker: the object was deleted",
        "an older version; read it with --versions",
        "an older version; read it with --versions",
    ]
    assert (events(lake), [asked for asked in aws.proxy.asked if "versionId" in asked]) == (["shown"], [])
    assert ingest(versions=True).held == 1
    assert events(lake) == ["deleted", "overwritten", "shown"]
    places = [place.partition("?")[2][:10] for place, *_ in statuses(lake)]
    assert sorted(places) == ["", "versionId=", "versionId="]
    assert (ingest(versions=True).held, [asked for asked in aws.proxy.asked if ".gz" in asked]) == (3, [])


def test_what_was_overwritten_after_the_inventory_is_read(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "one")
    lines = [line.replace('"null",', "").replace('"true","false",', "") for line in listed(aws)]
    keys = read_keys(inventory(tmp_path, "Bucket, Key, Size, LastModifiedDate, ETag", lines), aws.name)
    for _ in range(2):
        aws.ingest(tmp_path / "lake", keys=keys)
    aws.put(key("2024/03/01"), "one", "planted")
    aws.ingest(tmp_path / "lake", keys=keys)
    assert events(tmp_path / "lake") == ["one", "planted"]


def test_the_sizes_of_an_inventory_bound_what_is_fetched_and_its_prefix_what_is_read(aws: Aws, tmp_path: Path) -> None:
    for day in ("2024/03/01", "2024/03/02"):
        aws.put(key(day), day)
    aws.put("copies/a.json.gz", "copied")
    keys = read_keys(inventory(tmp_path, VERSIONS, listed(aws)), aws.name)
    size = aws.s3.head_object(Bucket=aws.name, Key=key("2024/03/02"))["ContentLength"]
    aws.ingest(tmp_path / "lake", "AWSLogs", keys=keys, max_bytes=size)
    assert events(tmp_path / "lake") == ["2024/03/02"]
    aws.ingest(tmp_path / "lake", "AWSLogs", keys=keys)
    assert events(tmp_path / "lake") == ["2024/03/01", "2024/03/02"]
