"""bench/RESULTS.md: a section for each measurement, with the machine, the versions and the day; never written by hand."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
_TOOLS = ("trailquery", "duckdb", "pyarrow", "deltalake", "msgspec")


def write_section(name: str, text: str) -> None:
    """Put `text` where the section `name` of RESULTS.md stands, else at its end."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    whole = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Measured\n"
    section = f"{begin}\n## {name}\n\n{_circumstances()}\n\n{text}\n{end}\n"
    head, found, rest = whole.partition(begin)
    tail = rest.partition(end)[2].lstrip("\n") if found else ""
    after = f"\n{tail}" if tail else ""
    RESULTS.write_text(f"{head.rstrip()}\n\n{section}{after}", encoding="utf-8")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _circumstances() -> str:
    versions = ", ".join(f"{tool} {version(tool)}" for tool in _TOOLS)
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return f"{datetime.now(UTC):%Y-%m-%d}; {machine}; Python {platform.python_version()}, {versions}"


def _processor() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return names[0] if names else platform.processor()
