"""A bundle proves its events anywhere, and shows whatever was done to it."""

import ast
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws import Aws, key
from conftest import LOG_NAME, record, write_log
from test_cli import run

from trailquery import Lake, bundlecheck, open_lake
from trailquery.bundle import Made, Question, bundle, check, is_bundle
from trailquery.catalog import find_query
from trailquery.errors import EvidenceError, UsageError
from trailquery.inflate import GZIP_MAGIC
from trailquery.ingest import ingest
from trailquery.simulate import simulate

Entries = dict[str, bytes]
MANIFEST_CHANGED = "manifest.json: changed, added or missing"


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `logs`, a signed trail of an account with a collection log, and `lake`, which holds it."""
    folder = tmp_path_factory.mktemp("trail")
    simulate(folder / "logs", events=300, days=1, layout="account")
    (folder / "logs" / "collection.jsonl").write_text('{"trailquery": "collection", "who": "alice"}\n')
    ingest([folder / "logs"], folder / "lake")
    return folder


@pytest.fixture(scope="module")
def ids(trail: Path) -> list[str]:
    """Events of three log files from the middle of the day, so that a digest comes before and after theirs."""
    rows = open_lake(trail / "lake").sql(
        "SELECT min(event_id) AS event_id FROM history WHERE delivered_at IS NOT NULL GROUP BY source_file"
        " ORDER BY abs(epoch(min(delivered_at)) - (SELECT avg(epoch(delivered_at)) FROM history)), 1 LIMIT 3"
    )
    return [row["event_id"] for row in rows.rows()]


@pytest.fixture(scope="module")
def whole(trail: Path, ids: list[str]) -> tuple[Path, Made]:
    made = bundle(open_lake(trail / "lake"), ids, trail / "whole.zip")
    return trail / "whole.zip", made


def entries_of(path: Path) -> Entries:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(entries_of(path)["manifest.json"])
    return said


def zipped(path: Path, entries: Entries) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def run_check(folder: Path, path: Path, *noted: str) -> tuple[int, list[str]]:
    """Exit code and lines of the script that lies in the bundle itself, in an interpreter that sees nothing of ours."""
    script = folder / "check.py"
    script.write_bytes(entries_of(path)["check.py"])
    done = subprocess.run([sys.executable, "-I", script, path, *noted], cwd=folder, capture_output=True, text=True)
    assert "" in (done.stdout, done.stderr)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def proven_by(path: Path) -> dict[str, str | None]:
    """What the manifest says each part is proven by."""
    return {part: by for part, by, _ in manifest_of(path)["proofs"]}


def lies_at(path: Path, entry: dict[str, Any]) -> str:
    """What a log file of the bundle holds where the record of `entry` lies by the manifest."""
    source = entries_of(path)[proven_by(path)[entry["path"]] or ""]
    text = gzip.decompress(source) if source[:2] == GZIP_MAGIC else source
    return text[entry["offset"] :][: entry["length"]].decode()


def by_role(path: Path, role: str) -> list[dict[str, Any]]:
    return [entry for entry in manifest_of(path)["entries"] if entry["role"] == role]


def test_the_script_in_the_bundle_finds_it_whole_and_needs_nothing_but_cryptography(
    whole: tuple[Path, Made], tmp_path: Path
) -> None:
    path, made = whole
    code, (said,) = run_check(tmp_path, path, made.manifest_sha256)
    assert (code, said) == (0, f"proven by keys/0001.der: 3 records; manifest {made.manifest_sha256}")
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(entries_of(path)["check.py"]))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert imported - {"cryptography"} <= sys.stdlib_module_names


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


def flipped(data: bytes) -> bytes:
    """Another letter in the last word, so that JSON stays JSON."""
    at = max(data.rfind(letter) for letter in (b"a", b"e", b"o"))
    return data[:at] + b"u" + data[at + 1 :]


def regzipped(data: bytes) -> bytes:
    return gzip.compress(flipped(gzip.decompress(data)), mtime=0)


def fitted(entries: Entries) -> Entries:
    """The entries with a manifest made to fit them."""
    said = json.loads(entries["manifest.json"])
    for entry in said["entries"]:
        entry["sha256"] = hashlib.sha256(entries[entry["path"]]).hexdigest()
    return entries | {"manifest.json": json.dumps(said).encode()}


def edited(entries: Entries) -> Entries:
    return entries | {"manifest.json": entries["manifest.json"].replace(b'"version": "', b'"version": "9')}


def reproven(change: Callable[[list[list[str | None]]], object]) -> Callable[[Entries], Entries]:
    """The manifest with other proofs."""

    def changed(entries: Entries) -> Entries:
        said = json.loads(entries["manifest.json"])
        change(said["proofs"])
        return entries | {"manifest.json": json.dumps(said).encode()}

    return changed


def proof_of(proofs: list[list[str | None]], part: str) -> list[str | None]:
    return next(proof for proof in proofs if proof[0] == part)


def swap(proofs: list[list[str | None]]) -> None:
    one, other = proof_of(proofs, RECORD), proof_of(proofs, "records/000002.json")
    one[1], other[1] = other[1], one[1]


def drop(proofs: list[list[str | None]]) -> None:
    proofs.remove(proof_of(proofs, RECORD))


def blank(folder: str, place: int) -> Callable[[list[list[str | None]]], None]:
    """Nothing is said there of the parts in that folder."""

    def change(proofs: list[list[str | None]]) -> None:
        for proof in proofs:
            if (proof[0] or "").startswith(folder):
                proof[place] = None

    return change


def vouch_for(by: str) -> Callable[[Entries], Entries]:
    """A forged log file, said to be proven by a sound part that happens to hold its SHA-256."""

    def changed(entries: Entries) -> Entries:
        said = json.loads(entries["manifest.json"])
        forged = json.dumps({"Records": [{"forged": True}]}).encode()
        said["entries"].append({"path": "source_files/0009.json", "sha256": hashlib.sha256(forged).hexdigest()})
        said["proofs"].append(["source_files/0009.json", by, None])
        return entries | {"source_files/0009.json": forged, "manifest.json": json.dumps(said).encode()}

    return changed


def keyless(entries: Entries) -> Entries:
    said = json.loads(entries["manifest.json"])
    said["entries"] = [entry for entry in said["entries"] if not entry["path"].startswith("keys/")]
    kept = {name: data for name, data in entries.items() if not name.startswith("keys/")}
    return kept | {"manifest.json": json.dumps(said).encode()}


def other_key(entries: Entries) -> Entries:
    return fitted(entries | {KEY: entries[KEY][:-1] + b"\x03"})


RECORD, SOURCE, DIGEST, KEY = (
    "records/000001.json",
    "source_files/0001.json.gz",
    "digests/0001.json.gz",
    "keys/0001.der",
)
TAMPERED: dict[str, tuple[Callable[[Entries], Entries], str]] = {
    "record flipped": (lambda e: e | {RECORD: flipped(e[RECORD])}, RECORD),
    "source flipped": (lambda e: e | {SOURCE: regzipped(e[SOURCE])}, SOURCE),
    "digest flipped": (lambda e: e | {DIGEST: regzipped(e[DIGEST])}, DIGEST),
    "verdicts flipped": (lambda e: e | {"verdicts.json": flipped(e["verdicts.json"])}, "verdicts.json"),
    "manifest edited": (edited, "manifest.json"),
    "entry added": (lambda e: e | {"records/000009.json": b"{}"}, "records/000009.json"),
    "entry removed": (lambda e: {name: data for name, data in e.items() if name != RECORD}, RECORD),
}  # fmt: skip
FITTED: dict[str, tuple[Callable[[Entries], Entries], str]] = {
    "record flipped": (lambda e: fitted(e | {RECORD: flipped(e[RECORD])}), RECORD),
    "source flipped": (lambda e: fitted(e | {SOURCE: regzipped(e[SOURCE])}), SOURCE),
    "source cut": (lambda e: fitted(e | {SOURCE: e[SOURCE][:-9]}), SOURCE),
    "source not of gzip": (lambda e: fitted(e | {SOURCE: e[SOURCE][:2] + b"no gzip"}), SOURCE),
    "digest flipped": (lambda e: fitted(e | {DIGEST: regzipped(e[DIGEST])}), DIGEST),
    "record said to lie elsewhere": (reproven(swap), RECORD),
    "record said to lie nowhere": (reproven(blank("records/", 1)), RECORD),
    "record's proof left out": (reproven(drop), RECORD),
    "source said to be listed by none": (reproven(blank("source_files/", 1)), SOURCE),
    "source added": (vouch_for(DIGEST), "source_files/0009.json"),
    "source vouched for by a source": (vouch_for(SOURCE), "source_files/0009.json"),
    "source vouched for by itself": (vouch_for("source_files/0009.json"), "source_files/0009.json"),
    "signatures left out": (reproven(blank("digests/", 2)), SOURCE),
    "signature of another": (reproven(lambda p: proof_of(p, DIGEST).__setitem__(2, proof_of(p, "digests/0002.json.gz")[2])), DIGEST),
    "key exchanged": (other_key, DIGEST),
    "keys left out": (keyless, DIGEST),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told"), TAMPERED.values(), ids=TAMPERED)
def test_what_was_changed_is_named_by_the_script_and_by_us(
    change: Callable[[Entries], Entries], told: str, whole: tuple[Path, Made], tmp_path: Path
) -> None:
    path, made = whole
    tampered = zipped(tmp_path / "tampered.zip", change(entries_of(path)))
    code, said = run_check(tmp_path, tampered, made.manifest_sha256)
    assert code == 1
    assert f"{told}: changed, added or missing" in said
    assert check(tampered, made.manifest_sha256)[0] == said


@pytest.mark.parametrize(("change", "told"), FITTED.values(), ids=FITTED)
def test_a_manifest_made_to_fit_does_not_help_where_a_digest_proves(
    change: Callable[[Entries], Entries], told: str, whole: tuple[Path, Made], tmp_path: Path
) -> None:
    tampered = zipped(tmp_path / "tampered.zip", change(entries_of(whole[0])))
    code, said = run_check(tmp_path, tampered)
    assert code == 1
    assert f"{told}: not proven" in said
    assert MANIFEST_CHANGED not in said
    assert MANIFEST_CHANGED in run_check(tmp_path, tampered, whole[1].manifest_sha256)[1]


def test_a_name_that_stands_there_twice_is_told(whole: tuple[Path, Made], tmp_path: Path) -> None:
    tampered = tmp_path / "twice.zip"
    tampered.write_bytes(whole[0].read_bytes())
    with zipfile.ZipFile(tampered, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(RECORD, b"{}")
    assert f"{RECORD}: changed, added or missing" in run_check(tmp_path, tampered)[1]


def test_a_name_that_was_made_up_does_not_reach_the_terminal(whole: tuple[Path, Made], tmp_path: Path) -> None:
    tampered = zipped(tmp_path / "named.zip", entries_of(whole[0]) | {"\x1b]0;\u202ex\x07\n": b""})
    assert run_check(tmp_path, tampered) == (1, [r"\x1b]0;\u202ex\x07\n: changed, added or missing"])


def test_a_zip_that_is_cut_or_no_bundle_is_told_so(whole: tuple[Path, Made], tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[0].read_bytes()[:-100])
    no_bundle = zipped(tmp_path / "none.zip", {"a": b"b"})
    assert [is_bundle(path) for path in (whole[0], cut, no_bundle, tmp_path / "nowhere")] == [True, False, False, False]
    broken = zipped(tmp_path / "broken.zip", entries_of(whole[0]) | {"manifest.json": b"{"})
    assert is_bundle(broken)
    for path in (cut, no_bundle, broken):
        with pytest.raises(EvidenceError, match="is damaged, or was changed by hand"):
            check(path)


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


def test_a_member_of_an_archive_is_read_again(tmp_path: Path) -> None:
    log = write_log(tmp_path / LOG_NAME, [record(eventID="in-tar")])
    with tarfile.open(tmp_path / "logs!.tar.gz", "w:gz") as archive:
        archive.add(log, "a/" + LOG_NAME)
    path, made = packed(tmp_path, tmp_path / "logs!.tar.gz", "in-tar")
    assert made.sources == 1
    assert entries_of(path)[SOURCE] == log.read_bytes()


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
    with pytest.raises(UsageError, match="console_logins: its rows name no events"):
        bundle(lake, [], out, Question(find_query("console_logins"), {}))
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


def test_trailquery_verify_says_of_a_bundle_what_the_script_says(whole: tuple[Path, Made], trail: Path) -> None:
    path, made = whole
    sound = run(trail, "verify", "whole.zip", "--sha256", made.manifest_sha256)
    assert (sound.code, sound.out.splitlines(), sound.err) == (0, run_check(trail, path)[1], "")
    zipped(trail / "tampered.zip", TAMPERED["record flipped"][0](entries_of(path)))
    upper = run(trail, "verify", "whole.zip", "--sha256", made.manifest_sha256.upper())
    assert (upper.code, upper.out) == (0, sound.out)
    assert run(trail, "verify", "tampered.zip")[:2] == (
        4,
        f"{RECORD}: changed, added or missing\n{RECORD}: not proven\n",
    )
    other = run(trail, "verify", "whole.zip", "--sha256", "0" * 64)
    assert (other.code, other.out) == (4, f"{MANIFEST_CHANGED}\n")


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
    assert entries_of(tmp_path / "fetched.zip")[SOURCE] == first


def test_of_a_plain_copy_the_newest_digest_has_no_signature(tmp_path: Path) -> None:
    simulate(tmp_path / "logs", events=200, days=1, layout="account")
    for sidecar in (tmp_path / "logs").rglob("*.metadata.json"):
        sidecar.unlink()
    ingest([tmp_path / "logs"], tmp_path / "lake")
    lake = open_lake(tmp_path / "lake")
    ids = [row["event_id"] for row in lake.sql("SELECT event_id FROM history").rows()]
    bundle(lake, ids, tmp_path / "out.zip")
    proofs = manifest_of(tmp_path / "out.zip")["proofs"]
    digests = by_role(tmp_path / "out.zip", "digest")
    unsigned = [part for part, _, signature in proofs if part.startswith("digests/") and signature is None]
    chains = {Path(entry["place"]).name.rsplit("_", 1)[0] for entry in digests}
    assert 0 < len(unsigned) <= len(chains)
    sources = [part for part, by, _ in proofs if part.startswith("source_files/") and by in (None, *unsigned)]
    records = [part for part, by, _ in proofs if part.startswith("records/") and by in sources]
    left = sorted([*unsigned, *sources, *records])
    assert run_check(tmp_path, tmp_path / "out.zip") == (1, [f"{part}: not proven" for part in left])
    assert any(by in unsigned for _, by, _ in proofs)


def test_the_script_has_thirty_lines() -> None:
    script = Path(bundlecheck.__file__).read_text()
    described = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Module | ast.FunctionDef)]
    prose = {line.strip() for node in described for line in (ast.get_docstring(node) or "").splitlines()}
    lines = [line.strip() for line in script.splitlines() if not line.startswith("#")]
    assert len([line for line in lines if line.strip('"') not in {*prose, ""}]) == 30
