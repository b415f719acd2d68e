"""Whatever was done to a bundle is told by the script in it, and by `trailquery verify`."""

import ast
import base64
import gzip
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundles import (
    MANIFEST_CHANGED,
    Entries,
    by_role,
    entries_of,
    ids_of,
    manifest_of,
    run_check,
    trail_in,
    zipped,
)
from runner import run
from trails import listed

from trailquery import bundlecheck, open_lake
from trailquery.bundle import Made, bundle, check, is_bundle
from trailquery.errors import EvidenceError, UsageError
from trailquery.ingest import ingest
from trailquery.simulate import simulate
from trailquery.simulate.keys import SigningKey


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trail_in(tmp_path_factory.mktemp("trail"))


@pytest.fixture(scope="module")
def whole(trail: Path) -> tuple[Path, Made]:
    made = bundle(open_lake(trail / "lake"), ids_of(trail), trail / "whole.zip")
    return trail / "whole.zip", made


def test_the_script_in_the_bundle_finds_it_whole_and_needs_nothing_but_cryptography(
    whole: tuple[Path, Made], tmp_path: Path
) -> None:
    path, made = whole
    code, (said,) = run_check(tmp_path, path, made.manifest_sha256)
    (key,) = by_role(path, "key")
    assert (code, said) == (0, f"proven by {key['fingerprint']}: 3 records; manifest {made.manifest_sha256}")
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(entries_of(path)["check.py"]))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert imported - {"cryptography"} <= sys.stdlib_module_names


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


def with_source(entries: Entries, text: bytes, by: str) -> Entries:
    """A log file more, said to be proven by that part."""
    said, path = json.loads(entries["manifest.json"]), "source_files/0009.json"
    said["entries"].append({"path": path, "sha256": hashlib.sha256(text).hexdigest()})
    said["proofs"].append([path, by, None])
    return entries | {path: text, "manifest.json": json.dumps(said).encode()}


def vouch_for(by: str) -> Callable[[Entries], Entries]:
    return lambda entries: with_source(entries, b'{"Records": [{"forged": true}]}', by)


def with_record(text: Callable[[bytes], bytes], by: str | None = None) -> Callable[[Entries], Entries]:
    """A record more, made of the first log file and said to stand there, or in that part."""

    def changed(entries: Entries) -> Entries:
        said, source = json.loads(entries["manifest.json"]), proof_of(manifest(entries)["proofs"], RECORD)[1] or ""
        data, path = text(gzip.decompress(entries[source])), "records/000009.json"
        said["entries"].append({"path": path, "sha256": hashlib.sha256(data).hexdigest()})
        said["proofs"].append([path, by or source, None])
        return entries | {path: data, "manifest.json": json.dumps(said).encode()}

    return changed


def within_record(log: bytes) -> bytes:
    """An object within the first record: some of them, as tags, hold what the caller chose."""
    start = log.index(b"{", log.index(b'"userIdentity"'))
    return log[start : start + json.JSONDecoder().raw_decode(log[start:].decode())[1]]


def with_part(path: str) -> Callable[[Entries], Entries]:
    """A part more, which nothing proves."""

    def changed(entries: Entries) -> Entries:
        said = manifest(entries)
        said["entries"].append({"path": path, "sha256": hashlib.sha256(b"{}").hexdigest()})
        return entries | {path: b"{}", "manifest.json": json.dumps(said).encode()}

    return changed


def answers_alone(entries: Entries) -> Entries:
    """Nothing is left that would have to be proven."""
    kept = {name: data for name, data in entries.items() if "/" not in name}
    said = manifest(entries)
    told = {"entries": [entry for entry in said["entries"] if entry["path"] in kept], "proofs": []}
    return kept | {"manifest.json": json.dumps(said | told).encode()}


def manifest(entries: Entries) -> Any:
    return json.loads(entries["manifest.json"])


def pass_off(entries: Entries) -> Entries:
    """A digest as a log file: the digest after it holds its SHA-256, and does not list it."""
    texts = {name: gzip.decompress(data) for name, data in entries.items() if name.startswith("digests/")}
    by_hash = {hashlib.sha256(text).hexdigest(): text for text in texts.values()}
    after = {name: json.loads(text)["previousDigestHashValue"] for name, text in texts.items()}
    by = next(name for name, before in after.items() if before in by_hash)
    return with_source(entries, by_hash[after[by]], by)


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
    "digest passed off as a log file": (pass_off, "source_files/0009.json"),
    "record within another": (with_record(within_record), "records/000009.json"),
    "record within another, said to stand in that": (with_record(within_record, RECORD), "records/000009.json"),
    "part of a record": (with_record(lambda log: log[20:200]), "records/000009.json"),
    "record of no bytes": (with_record(lambda _: b""), "records/000009.json"),
    "part that Windows puts among the records": (with_part("records\\000009.json"), r"records\\000009.json"),
    "part that leads from the keys to the records": (with_part("keys/../records/9.json"), "keys/../records/9.json"),
    "key that signed nothing": (with_part("keys/0009.der"), "keys/0009.der"),
    "every proof left out": (answers_alone, RECORD),
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


def test_a_name_that_stands_there_twice_is_told_though_the_manifest_has_both(
    whole: tuple[Path, Made], tmp_path: Path
) -> None:
    held, tampered = entries_of(whole[0]), tmp_path / "twice.zip"
    said = manifest(held)
    said["entries"].insert(0, {"path": RECORD, "sha256": hashlib.sha256(b"{}").hexdigest()})
    zipped(
        tampered, {RECORD: b"{}"} | {name: data for name, data in held.items() if name not in (RECORD, "manifest.json")}
    )
    with zipfile.ZipFile(tampered, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(RECORD, held[RECORD])
    with zipfile.ZipFile(tampered, "a") as archive:
        archive.writestr("manifest.json", json.dumps(said).encode())
    assert run_check(tmp_path, tampered) == (1, [f"{RECORD}: changed, added or missing"])


def test_the_keys_that_are_told_are_those_that_signed_whatever_they_are_called(
    whole: tuple[Path, Made], tmp_path: Path
) -> None:
    forger, name = SigningKey(7), "keys/\x1b[2K0001.der"
    log = b'{"Records": [{"forged": true}]}'
    digest = {"digestEndTime": "", "digestS3Bucket": "", "digestS3Object": "", "previousDigestSignature": None}
    text = json.dumps(digest | {"logFiles": [{"hashValue": hashlib.sha256(log).hexdigest()}]}).encode()
    signature = forger.sign(b"\n/\n%s\nnull" % hashlib.sha256(text).hexdigest().encode())
    parts = {
        name: base64.b64decode(listed(forger)["Value"]),
        "digests/0009.json": text,
        "source_files/0009.json": log,
        "records/000009.json": b'{"forged": true}',
    }
    said = manifest(held := entries_of(whole[0]))
    said["entries"] += [{"path": path, "sha256": hashlib.sha256(data).hexdigest()} for path, data in parts.items()]
    of_record = ["records/000009.json", "source_files/0009.json", None]
    said["proofs"] += [
        ["digests/0009.json", name, signature],
        ["source_files/0009.json", "digests/0009.json", None],
        of_record,
    ]
    said["proofs"].append([DIGEST, "keys/public-keys.json", proof_of(said["proofs"], DIGEST)[2]])  # which is no key
    data = json.dumps(said).encode()
    forged = zipped(tmp_path / "forged.zip", held | parts | {"manifest.json": data})
    real = by_role(whole[0], "key")[0]["fingerprint"]
    told = f"proven by {real}, {forger.fingerprint}: 4 records; manifest {hashlib.sha256(data).hexdigest()}"
    assert run_check(tmp_path, forged) == (0, [told])


def test_a_name_that_was_made_up_does_not_reach_the_terminal(whole: tuple[Path, Made], tmp_path: Path) -> None:
    tampered = zipped(tmp_path / "named.zip", entries_of(whole[0]) | {"\x1b]0;\u202ex\x07\n": b""})
    name = r"\x1b]0;\u202ex\x07\n"
    assert run_check(tmp_path, tampered) == (1, [f"{name}: changed, added or missing", f"{name}: not proven"])


def with_password(data: bytes) -> bytes:
    """The zip with the mark of encryption on every member."""
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data = re.sub(
            re.escape(mark) + b"(..{%d})." % (at - 5), lambda head: head[0][:-1] + b"\1", data, flags=re.DOTALL
        )
    return data


def test_a_zip_that_is_cut_or_no_bundle_is_told_so(whole: tuple[Path, Made], tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[0].read_bytes()[:-100])
    no_bundle = zipped(tmp_path / "none.zip", {"a": b"b"})
    assert [is_bundle(path) for path in (whole[0], cut, no_bundle, tmp_path / "nowhere")] == [True, False, False, False]
    broken = zipped(tmp_path / "broken.zip", entries_of(whole[0]) | {"manifest.json": b"{"})
    assert is_bundle(broken)
    deep = zipped(tmp_path / "deep.zip", entries_of(whole[0]) | {"manifest.json": b"[" * 100_000})
    sealed = tmp_path / "sealed.zip"
    sealed.write_bytes(with_password(whole[0].read_bytes()))
    assert [is_bundle(path) for path in (deep, sealed)] == [True, True]
    for path in (cut, no_bundle, broken, deep, sealed):
        with pytest.raises(EvidenceError, match="is damaged, or was changed by hand"):
            check(path)


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
    for noted in ("0" * 64, ""):  # an empty one was meant to be one
        other = run(trail, "verify", "whole.zip", "--sha256", noted)
        assert (other.code, other.out) == (4, f"{MANIFEST_CHANGED}\n")


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
    signed = {part for part, by, _ in proofs if part.startswith("source_files/") and by not in (None, *unsigned)}
    sources = {part for part, _, _ in proofs if part.startswith("source_files/")} - signed
    records = [part for part, by, _ in proofs if part.startswith("records/") and by in sources]
    left = sorted([*unsigned, *sources, *records])
    assert run_check(tmp_path, tmp_path / "out.zip") == (1, [f"{part}: not proven" for part in left])
    assert any(by in unsigned for _, by, _ in proofs)


def test_a_zip_that_unpacks_to_more_than_a_bundle_is_not_read(
    whole: tuple[Path, Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    size = sum(map(len, entries_of(whole[0]).values()))
    monkeypatch.setattr("trailquery.bundle.MOST_BYTES", size)
    assert check(whole[0], whole[1].manifest_sha256)[0] == []
    monkeypatch.setattr("trailquery.bundle.MOST_BYTES", size - 1)
    told = f"whole.zip: comes to {size:,} bytes unpacked, a bundle to {size - 1:,} at most; it is not read$"
    with pytest.raises(EvidenceError, match=told):
        check(whole[0])


def test_what_another_process_is_writing_stays_its_own(trail: Path, tmp_path: Path) -> None:
    (tmp_path / ".case.zip.part").write_text("of another")
    bundle(open_lake(trail / "lake"), ids_of(trail), tmp_path / "case.zip")
    told = {file.name: file.read_bytes()[:10] for file in tmp_path.iterdir()}
    assert told == {".case.zip.part": b"of another", "case.zip": told["case.zip"]}


def test_a_bundle_of_more_than_that_is_not_made(
    trail: Path, whole: tuple[Path, Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailquery.bundle.MOST_BYTES", 10_000)
    with pytest.raises(UsageError, match="^bundle: its parts come to more than 10,000 bytes; name fewer events$"):
        bundle(open_lake(trail / "lake"), ids_of(trail), tmp_path / "case.zip")
    assert list(tmp_path.iterdir()) == []


def test_the_script_has_thirty_lines() -> None:
    script = Path(bundlecheck.__file__).read_text()
    described = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Module | ast.FunctionDef)]
    prose = {line.strip() for node in described for line in (ast.get_docstring(node) or "").splitlines()}
    lines = [line.strip() for line in script.splitlines() if not line.startswith("#")]
    assert len([line for line in lines if line.strip('"') not in {*prose, ""}]) == 30
