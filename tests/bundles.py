"""Bundles in tests: a signed trail to pack, and what a bundle holds and says."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from trailquery import open_lake
from trailquery.ingest import ingest
from trailquery.simulate import simulate

Entries = dict[str, bytes]
MANIFEST_CHANGED = "manifest.json: changed, added or missing"


def trail_in(folder: Path) -> Path:
    """The folder, with `logs`, a signed trail of an account with a collection log, and `lake`, which holds it."""
    simulate(folder / "logs", events=300, days=1, layout="account")
    (folder / "logs" / "collection.jsonl").write_text('{"trailquery": "collection", "who": "alice"}\n')
    ingest([folder / "logs"], folder / "lake")
    return folder


def ids_of(trail: Path) -> list[str]:
    """Events of three log files from the middle of the day, so that a digest comes before and after theirs."""
    rows = open_lake(trail / "lake").sql(
        "SELECT min(event_id) AS event_id FROM history WHERE delivered_at IS NOT NULL GROUP BY source_file"
        " ORDER BY abs(epoch(min(delivered_at)) - (SELECT avg(epoch(delivered_at)) FROM history)), 1 LIMIT 3"
    )
    return [row["event_id"] for row in rows.rows()]


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


def by_role(path: Path, role: str) -> list[dict[str, Any]]:
    return [entry for entry in manifest_of(path)["entries"] if entry["role"] == role]
