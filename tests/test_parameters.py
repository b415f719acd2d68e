"""Values as SQL: a query with its values in it answers as it does with them bound."""

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from cases import QUERIES, case_of
from hypothesis import given
from hypothesis import strategies as st

from trailquery import Lake
from trailquery.catalog import Query, bind
from trailquery.parameters import literal, shown_value, spelled_out

VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 1, 1)),  # noqa: DTZ001 (naive UTC is what is bound)
    st.timedeltas(timedelta(0), timedelta(days=9999)),
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
)


@given(VALUES)
def test_a_literal_is_the_value(value: Any) -> None:
    ((written,),) = duckdb.execute(f"SELECT {literal(value)}").fetchall()
    assert written == value


def test_only_parameters_are_replaced_not_what_looks_like_one() -> None:
    sql = "SELECT 'ä$name' AS \"$name\", -- $name\n    $name AS a, $number::INTEGER AS b, $name AS c"
    spelled = spelled_out(sql, {"name": "'); DROP TABLE x; --", "number": -5})
    assert spelled == sql.replace("    $name AS a", "    '''); DROP TABLE x; --' AS a").replace(
        "$number", "-5"
    ).replace("$name AS c", "'''); DROP TABLE x; --' AS c")
    assert duckdb.execute(spelled).fetchall() == [("ä$name", "'); DROP TABLE x; --", -5, "'); DROP TABLE x; --")]


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_spelled_out_answers_as_the_query_does(query: Query, lake_of_cases: Lake) -> None:
    values = bind(query, case_of(query).get("params", {}))
    spelled = spelled_out(query.sql, values)
    assert lake_of_cases.sql(spelled).rows() == lake_of_cases.run(query.name, **values).rows()


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        (timedelta(days=14), "14d"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(seconds=1), "1s"),
        (timedelta(0), "0d"),
        (["a", "b"], "a,b"),
        (True, "true"),
        (2.5, "2.5"),
        ("x", "x"),
        (datetime(2024, 3, 1, tzinfo=UTC), "2024-03-01 00:00:00+00:00"),
    ],
)
def test_a_value_is_shown_as_it_would_be_typed(value: Any, typed: str) -> None:
    assert shown_value(value) == typed
