"""docs/privilege_escalation.md: the queries that the table names find the calls that it names."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from cases import QUERIES, case_of, lake_of_case

TABLE = Path(__file__).parents[1] / "docs" / "privilege_escalation.md"
METHODS = [
    [cell.strip() for cell in line.strip("| ").split("|")]
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d", line)
]

every_tested_method = pytest.mark.parametrize(
    ("calls", "queries"),
    [
        (set(re.findall(r"`(.+?)`", calls)), re.findall(r"`(.+?)`", names))
        for _, _, calls, names, tested in METHODS
        if tested == "yes"
    ],
    ids=[number for number, *_, tested in METHODS if tested == "yes"],
)


@pytest.fixture(scope="module")
def found_calls(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], set[str]]:
    """The calls among the events that a query finds in its case, by the query's name."""
    by_name = {query.name: query for query in QUERIES.values()}

    @cache
    def of(name: str) -> set[str]:
        lake = lake_of_case(by_name[name], tmp_path_factory.mktemp(name))
        ids = [row["event_id"] for row in lake.run(name, **case_of(by_name[name]).get("params", {})).rows()]
        told = lake.sql("SELECT DISTINCT action FROM history WHERE event_id IN $ids", ids=ids)
        return {row["action"] for row in told.rows()}

    return of


def test_the_table_holds_the_28_methods_in_order() -> None:
    assert [number for number, *_ in METHODS] == [str(number) for number in range(1, 29)]


@every_tested_method
def test_each_call_of_a_method_is_found_by_a_query_named_for_it(
    calls: set[str], queries: list[str], found_calls: Callable[[str], set[str]]
) -> None:
    assert calls
    assert calls - set().union(*(found_calls(name) for name in queries)) == set()


@every_tested_method
def test_each_query_named_for_a_method_finds_one_of_its_calls(
    calls: set[str], queries: list[str], found_calls: Callable[[str], set[str]]
) -> None:
    assert [name for name in queries if not calls & found_calls(name)] == []
