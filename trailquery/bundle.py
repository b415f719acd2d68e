"""Events of a lake with everything that proves them, in one zip that can be checked anywhere.

    manifest.json           what each part is and its SHA-256; by which other each is proven; what is absent, and why
    records/N.json          the record of an event, of each further copy and of each variant, byte for byte as delivered
    source_files/N          the log files they came from, as they are where they lay
    digests/N.json.gz       the digests that list these files, with the one before and the one after
    keys/public-keys.json   CloudTrail's public keys, as far as they were kept
    keys/N.der              those by which these digests are signed
    verdicts.json           what `trailquery verify` says of these files
    collection.jsonl        the log of the collection, where one lies above the files
    query.sql, rows.*       the question that was asked, and its answer
    check.py                checks all this with Python and `cryptography` alone

Names are numbers: what a log or a key says never becomes a path. Apart from the time in the manifest, equal evidence makes
equal bytes.
"""

import gzip
import hashlib
import json
import re
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from lzma import LZMAError
from pathlib import Path
from typing import Any, NamedTuple

from trailquery import bundlecheck, hidden, integrity
from trailquery.atomic import replaced
from trailquery.catalog import Query, bind
from trailquery.collection import LOG
from trailquery.digests import KEYS, public_keys
from trailquery.errors import EvidenceError, UsageError, at
from trailquery.evidence import held_by_lake
from trailquery.inflate import GZIP_MAGIC
from trailquery.lake import Lake
from trailquery.originals import Fetch, read_again
from trailquery.output import printable, write
from trailquery.parameters import spelled_out
from trailquery.proofs import Proofs
from trailquery.verdicts import VERDICTS_FILE

MANIFEST = "manifest.json"
_NOT_BESIDE = "none lies in the lake, or above the log files"
_ID_COLUMNS = ("event_id", "event_ids")
MOST_BYTES = 1 << 30  # of all parts of a bundle, unpacked as far as the zip goes
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    EOFError,
    OSError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Made(NamedTuple):
    """A bundle that was written. `absent` names what could not be packed, with the reason."""

    events: int
    records: int
    sources: int
    digests: int
    absent: list[dict[str, str]]
    manifest_sha256: str


class Question(NamedTuple):
    """A curated query and the values of its parameters."""

    query: Query
    params: Mapping[str, Any]


def bundle(
    lake: Lake, event_ids: Iterable[str], out: Path, question: Question | None = None, fetch: Fetch | None = None
) -> Made:
    """Pack the events with these ids, and those that the rows of the question name, into the new file `out`.

    `fetch` reads log files from S3 again. Raises UsageError where an id is unknown, nothing is named, or `out` exists.
    """
    if out.exists():
        raise UsageError(f"{out}: is there already; name a new file")
    with at(out), replaced(out) as file:
        return _Bundle(lake, file, fetch).make(list(event_ids), question)


def is_bundle(path: Path) -> bool:
    """Whether a file is a zip with the manifest of a bundle, or with one that is broken beside the script that checks it."""
    names = list[str]()
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            told = json.loads(archive.open(MANIFEST).read(MOST_BYTES))
    except _DAMAGE:
        return {MANIFEST, "check.py"} <= set(names)
    return isinstance(told, dict) and told.get("trailquery") == "bundle"


def check(path: Path, noted: str | None = None) -> tuple[list[str], str]:
    """What is wrong with a bundle or not proven, and what it holds; `noted` is the SHA-256 of its manifest. Raises EvidenceError."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > MOST_BYTES:
            raise EvidenceError(
                f"{path}: comes to {size:,} bytes unpacked, a bundle to {MOST_BYTES:,} at most; it is not read"
            )
        return bundlecheck.check(str(path), noted)
    except _DAMAGE as error:
        raise EvidenceError(f"{path}: is damaged, or was changed by hand: {error}") from None


class _Bundle:
    """A bundle that is being written."""

    def __init__(self, lake: Lake, file: Any, fetch: Fetch | None) -> None:
        self._lake, self._fetch = lake, fetch
        self._zip = zipfile.ZipFile(file, "w")
        self._entries: list[dict[str, Any]] = []
        self._proofs: list[tuple[str, str | None, str | None]] = []  # a part, what proves it, the signature of a digest
        self._absent: list[dict[str, str]] = []

    def make(self, event_ids: list[str], question: Question | None) -> Made:
        with self._zip:
            asked = self._answer(question) if question else None
            ids = list(dict.fromkeys([*event_ids, *(asked["event_ids"] if asked else ())]))
            copies = self._copies(ids)
            files = self._files({copy["file_sha256"] for copy in copies})
            places = [row["place"] for rows in files.values() for row in rows]
            self._put_sources(files, copies, self._put_keys(places))
            self._put_beside(places)
            self._put("check.py", Path(bundlecheck.__file__).read_bytes(), "script")
            made_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            head = {"trailquery": "bundle", "version": version("trailquery"), "made_at": made_at}
            entries = sorted(self._entries, key=lambda entry: entry["path"])
            if sum(entry["size_bytes"] for entry in entries) > MOST_BYTES:
                raise UsageError(f"bundle: its parts come to more than {MOST_BYTES:,} bytes; name fewer events")
            facts = {"entries": entries, "proofs": self._proofs, "absent": self._absent}
            manifest = {**head, "question": asked, **facts}
            data = json.dumps(manifest, indent=1).encode() + b"\n"
            self._write(MANIFEST, data)
        count = Counter(entry["role"] for entry in entries)
        sha256 = hashlib.sha256(data).hexdigest()
        return Made(len(ids), count["record"], count["source"], count["digest"], self._absent, sha256)

    def _lacks(self, what: str, reason: str) -> None:
        self._absent.append({"what": what, "reason": reason})

    def _put(self, path: str, data: bytes, role: str, **facts: Any) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self._entries.append({"path": path, "role": role, "sha256": sha256, "size_bytes": len(data), **facts})
        self._write(path, data)
        return path

    def _write(self, path: str, data: bytes) -> None:
        info = zipfile.ZipInfo(path)  # of 1980: the time of day has no place in equal bytes
        info.create_system, info.external_attr = 3, 0o100444 << 16  # as Unix writes it, wherever it is made
        info.compress_type = zipfile.ZIP_STORED if data[:2] == GZIP_MAGIC else zipfile.ZIP_DEFLATED
        self._zip.writestr(info, data)

    def _answer(self, question: Question) -> dict[str, Any]:
        """Put the question and its rows; returns it as the manifest tells it, with the events that the rows name."""
        query, params = question
        rows = self._lake.run(query, **params).arrow()
        for form in ("jsonl", "csv"):
            text = BytesIO()
            with hidden.nothing():
                write(rows.to_reader(), form, text)
            self._put(f"rows.{form}", text.getvalue(), "rows")
        bound = bind(query, params)
        self._put("query.sql", (spelled_out(query.sql, bound) + "\n").encode(), "sql")
        named = [
            value for name in _ID_COLUMNS if name in rows.column_names for value in rows[name].to_pylist() if value
        ]
        ids = [one for value in named for one in (value if isinstance(value, list) else [value])]
        if not ids:
            why = "its rows name no events" if len(rows) else "it has no rows"
            raise UsageError(f"{query.name}: {why}; name events with --events")
        scope = {name: str(value) for name, value in self._lake.scope._asdict().items() if value}
        told = {name: str(value) for name, value in bound.items()}
        return {"query": query.name, "params": told, "scope": scope, "rows": len(rows), "event_ids": sorted(set(ids))}

    def _copies(self, ids: list[str]) -> list[dict[str, Any]]:
        """Every copy of the events, the one that is shown first. Raises UsageError for an id that the lake does not hold."""
        copies = self._lake.sql(_COPIES, ids=ids).rows()
        known = {copy["event_id"] for copy in copies}
        if unknown := [one for one in ids if one not in known]:
            more = f" and {len(unknown) - 1:,} more" if len(unknown) > 1 else ""
            raise UsageError(
                f"--events {printable(unknown[0])}{more}: no such event in the lake; look with: trailquery find"
            )
        if not copies:
            raise UsageError("bundle: no events named; name some with --events, or a query with --query")
        return copies

    def _files(self, file_sha256s: set[str]) -> dict[str, list[dict[str, Any]]]:
        """What the ledger says of the files, a row a place, by SHA-256."""
        by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._lake.sql(_FILES, files=sorted(file_sha256s)).rows():
            by_file[row["file_sha256"]].append(row)
        return by_file

    def _put_keys(self, places: list[str]) -> dict[str, bytes]:
        """Put the list of public keys; returns each key, DER, by its fingerprint."""
        kept = self._lake.path / "evidence" / KEYS
        data = kept.read_bytes() if kept.is_file() else _beside(places, KEYS)
        if data is None:
            self._lacks(f"keys/{KEYS}", _NOT_BESIDE)
            return {}
        path = self._put(f"keys/{KEYS}", data, "keys")
        try:
            keys = [key.der for key in public_keys(data, path).values()]
        except UsageError as error:
            self._lacks("public keys", str(error))
            keys = []
        return {hashlib.md5(key, usedforsecurity=False).hexdigest(): key for key in keys}

    def _put_sources(
        self, files: Mapping[str, list[dict[str, Any]]], copies: list[dict[str, Any]], keys: Mapping[str, bytes]
    ) -> None:
        """Put the digests and the keys that signed them, each log file that is as it was, and the records of every file."""
        proofs = Proofs(self._lake, [row for rows in files.values() for row in rows])
        signing = sorted({digest.fingerprint for digest in proofs.digests if digest.signature} & keys.keys())
        key_paths = {fingerprint: f"keys/{number:04}.der" for number, fingerprint in enumerate(signing, 1)}
        for fingerprint in signing:
            self._put(key_paths[fingerprint], keys[fingerprint], "key", fingerprint=fingerprint)
        paths = {digest.place: f"digests/{number:04}.json.gz" for number, digest in enumerate(proofs.digests, 1)}
        for digest in proofs.digests:
            self._put(paths[digest.place], digest.data, "digest", place=digest.place)
            self._proofs.append((paths[digest.place], key_paths.get(digest.fingerprint), digest.signature))
        numbers = {file: number for number, file in enumerate(files, 1)}
        places = {file: [(row["place"], row["version_id"]) for row in rows] for file, rows in files.items()}
        for file, told, data in read_again(places, self._fetch):
            listed_by = {by: None for place, _ in places[file] for by in proofs.listed_by[place]}
            if not listed_by:
                self._lacks(f"the digest that lists {places[file][0][0]}", "the lake holds none")
            path, text = None, b""
            if data is None:
                self._lacks(f"the log file of SHA-256 {file}", told)
            else:
                ending = ".json.gz" if data[:2] == GZIP_MAGIC else ".json"
                path, text = f"source_files/{numbers[file]:04}{ending}", _inflated(data)
                self._put(path, data, "source", places=[place for place, _ in places[file]])
                self._proofs += [(path, paths[by], None) for by in listed_by] or [(path, None, None)]
            self._put_records([copy for copy in copies if copy["file_sha256"] == file], path, text)

    def _put_records(self, copies: list[dict[str, Any]], source: str | None, text: bytes) -> None:
        """Put the records of one log file, each with where it lies in it."""
        places: dict[str, Iterator[tuple[int, int]]] = {}
        for copy in sorted(copies, key=lambda copy: copy["position"]):
            raw = copy.pop("raw")
            offset, length = next(places.setdefault(raw, places_of(raw.encode(), text)), (None, None))
            path = f"records/{copy.pop('number'):06}.json"
            if source and offset is None:
                self._lacks(f"{path} in {source}", "its bytes do not stand there as they are")
            self._put(path, raw.encode(), "record", **copy, offset=offset, length=length)
            self._proofs.append((path, None if offset is None else source, None))

    def _put_beside(self, places: list[str]) -> None:
        """Put the verdicts, and the log of the collection."""
        if (log := _beside(places, LOG)) is not None:
            self._put(LOG, log, "collection log")
        else:
            self._lacks(LOG, _NOT_BESIDE)
        digests = {entry["place"] for entry in self._entries if entry["role"] == "digest"}
        self._put("verdicts.json", json.dumps(self._verdicts({*places, *digests}), indent=1).encode(), "verdicts")

    def _verdicts(self, places: set[str]) -> list[dict[str, Any]]:
        """What the last `trailquery verify` said of these files; else what the lake alone tells now."""
        kept = self._lake.path / VERDICTS_FILE
        if kept.is_file():
            rows = self._lake.sql(_VERDICTS, file=str(kept), places=sorted(places)).rows()
        else:
            verified = integrity.verify(*held_by_lake(self._lake.path))
            rows = [verdict._asdict() for verdict in verified.files if verdict.place in places]
        return [{name: str(value) if value is not None else None for name, value in row.items()} for row in rows]


def _inflated(data: bytes) -> bytes:
    """As `check.py` inflates it; nothing where it does not."""
    with suppress(OSError, EOFError, zlib.error):
        return gzip.decompress(data) if data[:2] == GZIP_MAGIC else data
    return b""


def places_of(record: bytes, text: bytes) -> Iterator[tuple[int, int]]:
    """Where a record lies in a text, and how long that is; else the JSON strings that hold it, as event history has them."""
    at = text.find(record)
    if at < 0:
        for string in re.finditer(rb'"(?:[^"\\]|\\.)*"', text):
            if len(string[0]) > len(record) and record in json.loads(string[0]).encode():
                yield string.start(), len(string[0])
    while at >= 0:
        yield at, len(record)
        at = text.find(record, at + 1)


def _beside(places: Iterable[str], name: str) -> bytes | None:
    """A file of this name in the nearest folder above one of the places."""
    folders = dict.fromkeys(folder for place in places if "://" not in place for folder in Path(place).parents)
    return next((file.read_bytes() for folder in folders if (file := folder / name).is_file()), None)


_FILES = """
SELECT file_sha256, place, max(version_id) AS version_id, any_value(account_id) AS account_id, any_value(region) AS region,
    any_value(delivered_at) AS delivered_at
FROM stored.files
WHERE file_sha256 IN (SELECT unnest($files::VARCHAR[])) AND status IN ('loaded', 'partial')
GROUP BY file_sha256, place
ORDER BY file_sha256, place
"""
_VERDICTS = """
SELECT place, kind, verdict, reason, trail, hour, verified_at FROM read_parquet($file)
WHERE place IN (SELECT unnest($places::VARCHAR[])) ORDER BY place
"""
_COPIES = """
WITH shown AS (
    SELECT 'shown' AS copy, event_id, account_id, source_file, file_sha256, position, raw FROM history
    WHERE event_id IN (SELECT unnest($ids::VARCHAR[]))
    UNION ALL
    SELECT 'variant', event_id, account_id, source_file, file_sha256, position, raw FROM variants
    WHERE event_id IN (SELECT unnest($ids::VARCHAR[]))
), seen AS (
    SELECT 'again' AS copy, again.event_id, again.account_id, again.source_file, again.file_sha256, again.position,
        coalesce(again.raw, shown.raw) AS raw
    FROM stored.sightings AS again
    INNER JOIN shown ON again.same_as_file = shown.file_sha256 AND again.same_as_position = shown.position
    WHERE again.event_id IN (SELECT unnest($ids::VARCHAR[]))
)
SELECT row_number() OVER (ORDER BY event_id, account_id, copy DESC, file_sha256, position) AS number, *
FROM (FROM shown UNION ALL FROM seen) ORDER BY number
"""
