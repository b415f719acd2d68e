"""The case of each query: records, parameters, the rows expected."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conftest import LOG_NAME, record, write_log

from trailquery import Lake, Scope, open_lake
from trailquery.catalog import Query, queries
from trailquery.ingest import ingest
from trailquery.settings import Settings

CASES = Path(__file__).parent / "queries"
QUERIES = {f"{query.theme}/{query.name}": query for query in queries()}


def case_of(query: Query) -> dict[str, Any]:
    text = (CASES / query.theme / f"{query.name}.json").read_text(encoding="utf-8")
    case: dict[str, Any] = json.loads(text)
    return case


def scope_of(case: dict[str, Any]) -> dict[str, Any]:
    scope = case.get("scope", {})
    times = {name: datetime.fromisoformat(scope[name]) for name in ("since", "until") if name in scope}
    return {name: tuple(value) for name, value in scope.items() if name not in times} | times


def lake_of_case(query: Query, folder: Path) -> Lake:
    """The lake of the records of the query's case, in its scope, made in the folder."""
    case = case_of(query)
    ingest([write_log(folder / LOG_NAME, [record(**event) for event in case["events"]])], folder / "lake")
    return open_lake(folder / "lake", scope=Scope(**scope_of(case)), settings=Settings())


def events_of_cases() -> list[dict[str, Any]]:
    """What the records of every case say; each id begins with the name of its query."""
    return [
        {**event, "eventID": f"{path.stem}/{event['eventID']}"}
        for path in sorted(CASES.glob("*/*.json"))
        for event in json.loads(path.read_text(encoding="utf-8"))["events"]
    ]


def comparable(value: Any) -> Any:
    """Times as JSON writes them, in UTC with Z."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value if isinstance(value, str | int | float | list | None) else str(value)
