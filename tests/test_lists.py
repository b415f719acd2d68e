"""`column IN (list)`, where rows are chosen by it, says IS TRUE: a bare one DuckDB applies only after it has read all the
other columns of each row, requests and responses among them."""

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from cases import QUERIES

from trailquery.catalog import resource_dir
from trailquery.events import EVENTS
from trailquery.views import statements

VIEWS = {
    name: select
    for file in sorted((resource_dir("sql") / "views").glob("*.sql"))
    for statement in statements(file.read_text(encoding="utf-8"))
    for head, _, select in [statement.partition(" AS\n")]
    if (name := head.rpartition("CREATE VIEW ")[2]) != head
}
SELECTS = {name: query.sql for name, query in QUERIES.items()} | VIEWS
FEW_VALUES = {"ip_scope"}  # nearly all rows have one of those that are asked for


def bare_lists(select: str) -> list[str]:
    """The columns of events that a WHERE or ON of the SELECT asks for a list of values, and says no IS TRUE."""
    ((tree,),) = duckdb.execute(
        "SELECT json_serialize_sql($select)", {"select": select.rstrip().removesuffix(";")}
    ).fetchall()
    chosen_by = [part for condition in _conditions(json.loads(tree)) for part in _all_of(condition)]
    lists = [part["children"] for part in chosen_by if part.get("type") == "COMPARE_IN"]
    constant = [column for column, *values in lists if {value["class"] for value in values} == {"CONSTANT"}]
    names = [column["column_names"][-1] for column in constant if column["class"] == "COLUMN_REF"]
    return [name for name in names if name in EVENTS.names and name not in FEW_VALUES]


def _conditions(node: Any) -> Iterator[dict[str, Any]]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key in ("where_clause", "condition") and isinstance(value, dict):
            yield value
        yield from _conditions(value)


def _all_of(condition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a condition that a row must meet all."""
    if condition.get("type") != "CONJUNCTION_AND":
        yield condition
        return
    for part in condition["children"]:
        yield from _all_of(part)


def test_a_bare_list_is_found() -> None:
    rows = "SELECT * FROM events AS e JOIN history AS h ON e.event_id = h.event_id AND h.api IN ('a', 'b')"
    assert bare_lists(f"{rows} WHERE service = 's3' AND (e.action IN ('a', 'b')) IS TRUE") == ["api"]
    assert bare_lists("FROM (FROM events WHERE action IN ('a', 'b') OR api = 'c')") == []
    assert bare_lists("WITH a AS (FROM events WHERE action IN ('a', 'b')) FROM a") == ["action"]


@pytest.mark.parametrize("name", SELECTS)
def test_rows_are_chosen_by_a_list_that_is_true(name: str) -> None:
    assert bare_lists(SELECTS[name]) == []
