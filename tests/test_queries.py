"""Every file of sql/queries: what it promises in its front-matter holds, and its case passes."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from cases import CASES, QUERIES, case_of, comparable, lake_of_case

from trailquery import Lake
from trailquery.catalog import Query, bind, resource_dir

SHARED_OPTIONS = {
    "since",
    "until",
    "account",
    "region",
    "tz",
    "timeout",
    "format",
    "form",
    "output",
    "limit",
    "lake",
}

every_query = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)


@every_query
def test_the_case_returns_exactly_the_rows_it_expects(query: Query, tmp_path: Path) -> None:
    case = case_of(query)
    rows = lake_of_case(query, tmp_path).run(query.name, **case.get("params", {})).rows()
    named = list(dict.fromkeys(name for row in case["rows"] for name in row))
    assert [{name: comparable(row[name]) for name in named} for row in rows] == case["rows"]


@every_query
def test_the_case_holds_an_event_that_must_not_be_found(query: Query) -> None:
    case = case_of(query)
    beside = set(case["near_misses"])
    assert beside
    assert beside < {event["eventID"] for event in case["events"]}
    assert not [row for row in case["rows"] if row.get("event_id") in beside]


def test_every_case_has_a_query_and_every_query_a_case() -> None:
    cases = {str(path.relative_to(CASES).with_suffix("")) for path in CASES.glob("*/*.json")}
    assert cases == set(QUERIES)


@every_query
def test_a_query_is_one_select_that_takes_the_declared_parameters(query: Query) -> None:
    (statement,) = duckdb.extract_statements(query.sql)
    assert statement.type == duckdb.StatementType.SELECT
    assert statement.named_parameters == {param.name for param in query.params}


@every_query
def test_a_query_returns_the_declared_columns_in_order(query: Query, empty_lake: Lake) -> None:
    described = empty_lake.describe(query.sql, bind(query, case_of(query).get("params", {})))
    assert list(described) == list(query.columns)


@every_query
def test_a_query_holds_no_date_and_no_path_into_json(query: Query) -> None:
    code = re.sub(r"--.*", "", query.sql)
    assert re.findall(r"'\d{4}-\d\d[^']*'|->", code) == []
    assert re.findall(r"scope_|\bgetvariable\b|GROUP BY ALL|LIKE '%'", code) == []


@pytest.mark.parametrize(
    "query", [query for query in QUERIES.values() if re.search(r"\$(actor|caller|who)\b", query.sql)]
)
def test_a_query_about_one_identity_takes_it_by_each_of_its_names(query: Query) -> None:
    (names,) = re.findall(r"\$(?:actor|caller|who) IN \(([^)]+)\)", query.sql)
    known = [name.strip().rpartition(".")[2] for name in names.split(",")]
    assert [name for name in known if name not in ("''", "session_id")] == [
        "actor",
        "actor_arn",
        "principal_key",
        "principal_id",
        "user_name",
        "role_arn",
        "role_name",
        "access_key_id",
    ]


@every_query
def test_a_query_is_short_enough_to_read(query: Query) -> None:
    lines = [line.strip() for line in query.sql.splitlines()]
    assert len([line for line in lines if line and not line.startswith("--")]) in range(5, 26)


@every_query
def test_rows_of_events_are_ordered_up_to_the_event_id(query: Query) -> None:
    order = query.sql.rpartition("ORDER BY")[2].split(",")
    assert len(query.sql.split("ORDER BY")) > 1
    if "event_id" in query.columns:
        assert order[-1].strip().removeprefix("creations.").removeprefix("shown.") == "event_id"


@every_query
def test_the_example_is_a_command_for_this_query(query: Query) -> None:
    program, command, name, *words = shlex.split(query.example)
    assert (program, command, name) == ("trailquery", "run", query.name)
    options = {re.sub(r"^--(no-)?", "", word).replace("-", "_") for word in words if word.startswith("--")}
    params = {param.name: param for param in query.params}
    assert options <= params.keys() | SHARED_OPTIONS
    required = [param for param in query.params if param.required]
    assert len([word for word in words[: len(required)] if not word.startswith("--")]) == len(required)


@every_query
def test_no_parameter_has_the_name_of_a_shared_option(query: Query) -> None:
    assert {param.name for param in query.params} & SHARED_OPTIONS == set()


@every_query
def test_a_query_works_on_an_empty_lake(query: Query, empty_lake: Lake) -> None:
    rows = empty_lake.run(query.name, **case_of(query).get("params", {})).rows()
    assert [row for row in rows if row.get("files") != 1] == []  # one log file was delivered all the same


@pytest.mark.parametrize("folder", ["views", "queries"])
def test_every_json_arrow_is_in_parentheses(folder: str) -> None:
    loose = [
        f"{path.name}: {line.strip()}"
        for path in sorted((resource_dir("sql") / folder).rglob("*.sql"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"->", re.sub(r"--.*|\(\w+ ->> '[^']*'\)?|\w+\(\w+ ->> '[^']*'\)", "", line))
    ]
    assert loose == []


@every_query
def test_a_query_runs_on_a_public_recording(query: Query, shared_lake: Callable[[str], Lake]) -> None:
    lake = shared_lake("flaws-sample")
    rows = lake.run(query.name, **case_of(query).get("params", {})).arrow()
    assert rows.column_names == list(query.columns)


def test_the_public_attack_shows_in_trail_tampering_as_failed_attempts(
    shared_lake: Callable[[str], Lake],
) -> None:
    rows = shared_lake("invictus").run("trail_tampering").rows()
    refused = [row["action"] for row in rows if row["error_code"] == "TrailNotFoundException"]
    assert refused == ["cloudtrail:DeleteTrail", *["cloudtrail:StopLogging"] * 3]


def test_the_keys_made_for_others_in_the_public_attack_are_listed(shared_lake: Callable[[str], Lake]) -> None:
    rows = shared_lake("invictus").run("keys_created", for_other_user=True).rows()
    assert [(row["actor"], row["key_for"], row["uses"]) for row in rows] == [
        ("bert-jan", "user/stratus-red-team-backdoor-u-user", 0),
        ("bert-jan", "user/malicious-iam-user", 0),
    ]
