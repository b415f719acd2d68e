"""Every finding: its case tells an attempt from a success, and fails when any one condition is left out."""

from typing import Any

import duckdb
import pytest
from cases import QUERIES, case_of, comparable, lake_of_case
from mutants import mutants

from trailquery import Lake
from trailquery.catalog import Query, bind

FINDINGS = {name: query for name, query in QUERIES.items() if query.kind == "finding"}

every_finding = pytest.mark.parametrize("query", FINDINGS.values(), ids=FINDINGS, scope="module")


def rows_of(query: Query, sql: str, lake: Lake) -> list[dict[str, Any]]:
    bound = bind(query, case_of(query).get("params", {}))
    (statement,) = duckdb.extract_statements(sql)
    rows = lake.sql(sql, **{name: bound[name] for name in statement.named_parameters}).rows()
    return [{name: comparable(value) for name, value in row.items()} for row in rows]


@pytest.fixture(scope="module")
def lake(query: Query, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_of_case(query, tmp_path_factory.mktemp("case"))


@every_finding
def test_the_case_shows_a_call_that_worked_and_one_that_was_refused(query: Query, lake: Lake) -> None:
    named = (row.get("event_ids") or [row.get("event_id")] for row in rows_of(query, query.sql, lake))
    ids = [event_id for event_ids in named for event_id in event_ids]
    told = lake.sql("SELECT DISTINCT outcome = 'success' AS worked FROM events WHERE event_id IN $ids", ids=ids)
    expected = {True} if "no_attempt" in case_of(query) else {True, False}
    assert {row["worked"] for row in told.rows()} == expected


@every_finding
def test_without_any_one_of_its_conditions_the_rows_are_others(query: Query, lake: Lake) -> None:
    rows = rows_of(query, query.sql, lake)
    assert [condition for condition, sql in mutants(query.sql) if rows_of(query, sql, lake) == rows] == []
