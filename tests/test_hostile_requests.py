"""No value in any request or response, of whatever type, stops a curated query: it was written by whoever called."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cases import QUERIES, case_of, scope_of
from conftest import lake_in, record

from trailquery import Lake
from trailquery.catalog import Query

TWISTS: dict[str, Callable[[Any], Any]] = {
    "text": lambda _: "99999999999999999999'\u202e\x1b[2J",
    "number": lambda _: -1.5e300,
    "list": lambda value: [value, {"items": None}],
    "object": lambda value: {"items": [value], "value": {"Days": "x"}},
}


def twisted(value: Any, twist: Callable[[Any], Any]) -> Any:
    """`value` with `twist` of each scalar in it."""
    if isinstance(value, dict):
        return {name: twisted(inner, twist) for name, inner in value.items()}
    if isinstance(value, list):
        return [twisted(inner, twist) for inner in value]
    return twist(value)


def hostile_records() -> Iterator[dict[str, Any]]:
    for name, query in QUERIES.items():
        for changes in case_of(query)["events"]:
            for kind, twist in TWISTS.items():
                told = {
                    part: twisted(changes[part], twist)
                    for part in ("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails")
                    if changes.get(part)
                }
                if told:
                    yield record(**changes | told | {"eventID": f"{name}/{changes['eventID']}/{kind}"})


@pytest.fixture(scope="module")
def hostile_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_in(tmp_path_factory.mktemp("hostile"), list(hostile_records()))


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_answers_whatever_the_requests_hold(query: Query, hostile_lake: Lake) -> None:
    case = case_of(query)
    hostile_lake.narrowed(**scope_of(case)).run(query.name, **case.get("params", {})).rows()
