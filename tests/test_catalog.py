"""Front-matter is read and checked, names are guessed, parameters are bound."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from trailquery.catalog import (
    CATEGORIES,
    Query,
    Wanted,
    bind,
    chosen,
    events_lacking,
    examine,
    find_query,
    queries,
    read_query,
    resource_dir,
)
from trailquery.errors import CatalogError, UsageError
from trailquery.parameters import TYPES, Param

HEADER = """\
-- /// trailquery
-- title = "Burst of refused calls"
-- question = "Which principals were refused many times?"
-- category = "any"
-- kind = "lead"
-- mitre = ["T1580", "T1078.004"]
-- example = "trailquery run denied_burst --min-denied 50"
--
-- [params.min_denied]
-- type = "integer"
-- default = 20
-- about = "Refused calls at or above which a principal is listed"
--
-- [columns]
-- actor = "The caller"
-- event_ids = "Its refused calls"
-- ///
"""
FINDING = (
    'kind = "finding"\n-- severity = "high"\n-- why = "They probe."\n-- next = "trailquery run x {actor} {session_id}"'
)
MIDNIGHT = datetime(2024, 3, 1)  # noqa: DTZ001 (naive UTC is what is bound)
SQL = (
    "SELECT actor, list(event_id) AS event_ids FROM events GROUP BY actor HAVING count(*) >= $min_denied ORDER BY actor"
)


def query_file(folder: Path, text: str, name: str = "denied_burst.sql") -> Path:
    path = folder / "discovery" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def asking(**params: dict[str, Any]) -> Query:
    """A query that takes `params`."""
    made = (
        Param(name, said["type"], "", said.get("default"), "default" not in said, said.get("choices", ()))
        for name, said in params.items()
    )
    return Query("denied_burst", "t", Path("x"), "", "", "any", "lead", (), "trailquery run ...", tuple(made), {}, "")


def test_a_query_file_is_read_with_name_and_theme_of_its_path(tmp_path: Path) -> None:
    path = query_file(tmp_path, HEADER + SQL + "\n")
    assert read_query(path) == Query(
        name="denied_burst",
        theme="discovery",
        path=path,
        title="Burst of refused calls",
        question="Which principals were refused many times?",
        category="any",
        kind="lead",
        mitre=("T1580", "T1078.004"),
        example="trailquery run denied_burst --min-denied 50",
        params=(
            Param(
                "min_denied",
                "integer",
                "Refused calls at or above which a principal is listed",
                default=20,
                required=False,
            ),
        ),
        columns={"actor": "The caller", "event_ids": "Its refused calls"},
        sql=SQL,
    )


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ("-- /// trailquery\n", "", "1: the first line is not '-- /// trailquery'"),
        ("-- ///\n", "", "17: front-matter has no end; write '-- ///'"),
        ("-- kind", "kind", "5: line of front-matter does not start with '-- '"),
        ('"any"', "any", "4: not TOML: Invalid value."),
        ('-- title = "Burst of refused calls"\n', "", "1: front-matter lacks title."),
        ('-- actor = "The caller"\n-- event_ids = "Its refused calls"\n', "", "1: front-matter lacks columns."),
        ('event_ids = "Its', 'calls = "Its', "14: a lead names its events: it lacks a column event_id or event_ids."),
        (
            'kind = "lead"',
            FINDING.replace('"high"', '"bad"'),
            "6: severity is 'bad', not one of info, low, medium, high, critical.",
        ),
        ('kind = "lead"', FINDING.replace('"They probe."', "1"), "7: why is not text."),
        ('kind = "lead"', FINDING.replace('\n-- why = "They probe."', ""), "1: a finding lacks why."),
        ('kind = "lead"', FINDING.replace("{actor}", "{who}"), "8: next names 'who', which is no column."),
        (
            'kind = "lead"',
            FINDING.replace("{actor}", "'{actor}'"),
            "8: next has \"'{actor}'\"; let {column} stand alone.",
        ),
        ("-- kind", '-- why = "They probe."\n-- kind', "5: why belongs to the kind finding."),
        ('"lead"', '"hunch"', "5: kind is 'hunch', not one of question, lead, finding."),
        ('"any"', '"all"', f"4: category is 'all', not one of {', '.join(CATEGORIES)}."),
        ("T1078.004", "T1078.4", "6: mitre has 'T1078.4', which is no ATT&CK technique id."),
        ("-- kind", "-- grade = 1\n-- kind", "5: front-matter has an unknown key 'grade'."),
        ('"integer"', '"int"', f"9: parameter min_denied has the type 'int'; write {', '.join(TYPES)}."),
        ("default = 20", 'default = "ten"', "9: parameter min_denied: default 'ten' is not integer."),
        ("default = 20", "x = 20", "9: parameter min_denied has an unknown key 'x'."),
        (
            '"integer"',
            '"choice"',
            "9: parameter min_denied: choices, a list of text, belong to the type choice.",
        ),
        ('"The caller"', "1", "15: column actor has no meaning."),
        (SQL, "", "1: there is no SELECT after the front-matter."),
    ],
)
def test_a_broken_file_is_refused_with_path_and_line(
    tmp_path: Path, written: str, instead: str, complaint: str
) -> None:
    text = HEADER + SQL
    assert text.count(written) == 1 or written == "-- ///\n"
    head, found, tail = text.rpartition(written)
    assert found
    path = query_file(tmp_path, head + instead + tail)
    with pytest.raises(CatalogError) as refused:
        read_query(path)
    assert str(refused.value) == f"{path}:{complaint}"


def test_a_finding_says_how_bad_it_is_why_and_what_to_do_next(tmp_path: Path) -> None:
    query = read_query(query_file(tmp_path, HEADER.replace('kind = "lead"', FINDING) + SQL))
    said = (query.kind, query.severity, query.why, query.next)
    assert said == ("finding", "high", "They probe.", "trailquery run x {actor} {session_id}")


def test_a_file_name_with_capitals_is_refused(tmp_path: Path) -> None:
    path = query_file(tmp_path, HEADER + SQL, "DeniedBurst.sql")
    with pytest.raises(CatalogError, match="'DeniedBurst' is not snake_case"):
        read_query(path)


def test_every_query_that_ships_is_listed_by_theme_and_name() -> None:
    listed = [(query.theme, query.name) for query in queries()]
    files = sorted((path.parent.name, path.stem) for path in (resource_dir("sql") / "queries").rglob("*.sql"))
    assert listed == files
    assert len({name for _, name in listed}) == len(listed)


def test_a_query_is_found_with_hyphens_too() -> None:
    assert find_query("timeline-key") == find_query("timeline_key")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("timline_key", "no query named 'timline_key'; did you mean 'timeline_key'?"),
        ("../../pyproject", "no query named '../../pyproject'; see: trailquery queries"),
        ("*", "no query named '*'; see: trailquery queries"),
    ],
)
def test_an_unknown_name_is_guessed_and_never_a_pattern(name: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refused:
        find_query(name)
    assert str(refused.value) == complaint


def names(wanted: Wanted) -> list[str]:
    return [query.name for query in chosen(queries(), wanted)]


def test_a_word_is_looked_for_in_questions_and_techniques_in_any_capitals() -> None:
    assert "trail_tampering" in names(Wanted("CLOUDTRAIL STOPPED"))
    assert "trail_tampering" in names(Wanted("t1562.008"))
    assert names(Wanted("tables deleted")) == names(Wanted("Deleted Tables")) == ["stores_deleted"]
    assert names(Wanted("tables nowhere")) == []


def test_queries_are_chosen_by_theme_kind_category_and_technique_all_together() -> None:
    every = queries()
    fit = [q.name for q in every if q.theme == "defense-evasion" and q.kind == "finding" and "T1562.008" in q.mitre]
    assert names(Wanted("", ("defense-evasion",), ("T1562.008",), (), ("finding",))) == fit
    assert "trail_tampering" in fit
    assert names(Wanted(categories=("data",))) == [q.name for q in every if q.category == "data"]


def test_a_technique_has_its_sub_techniques_with_it_and_not_the_other_way_round() -> None:
    below, alone = names(Wanted(mitre=("T1562",))), names(Wanted(mitre=("T1562.008",)))
    assert set(alone) < set(below)
    with pytest.raises(UsageError, match=r"^--mitre T1562.009: no query has it; did you mean 'T1562"):
        names(Wanted(mitre=("T1562.009",)))


def test_an_unknown_theme_is_guessed() -> None:
    with pytest.raises(UsageError) as refused:
        names(Wanted(themes=("defence-evasion",)))
    assert str(refused.value) == "--theme defence-evasion: no query has it; did you mean 'defense-evasion'?"


@pytest.mark.parametrize(
    ("name", "held", "lacking"),
    [
        ("copies_taken", {("management", "ec2")}, {"DynamoDB item data", "EBS block data"}),  # named by a view
        ("copies_taken", {("data", "ebs"), ("data", "dynamodb")}, set()),
        ("s3_ransom_signs", {("management", "s3")}, {"S3 object data"}),  # named by the query
        ("s3_public_exposure", {("data", "s3")}, set()),  # a view that it takes rows from names others as well
        ("changes_before", {("management", "ec2")}, set()),  # a view of something else than calls names some
    ],
)
def test_what_a_query_lacks_is_told_by_the_services_that_it_or_its_views_name(
    name: str, held: set[tuple[str, str]], lacking: set[str]
) -> None:
    assert events_lacking(find_query(name), held) == lacking


def test_own_queries_stand_in_folders_for_themes_or_loose_and_are_read_once(tmp_path: Path) -> None:
    in_theme, loose = query_file(tmp_path, HEADER + SQL), tmp_path / "loose_burst.sql"
    loose.write_text(HEADER + SQL)
    assert find_query("denied-burst", [tmp_path]) == read_query(in_theme)
    own = [query for query in queries([tmp_path, tmp_path / "."]) if query.path.is_relative_to(tmp_path)]
    assert [(query.theme, query.name) for query in own] == [
        ("discovery", "denied_burst"),
        (tmp_path.name, "loose_burst"),
    ]


def test_the_folder_of_the_curated_queries_collides_with_nothing() -> None:
    assert queries([resource_dir("sql") / "queries"]) == queries()


def test_a_name_that_is_taken_is_refused_with_both_files(tmp_path: Path) -> None:
    own = query_file(tmp_path, HEADER + SQL, "timeline_key.sql")
    shipped = find_query("timeline_key").path
    with pytest.raises(CatalogError) as refused:
        find_query("timeline_key", [tmp_path])
    assert str(refused.value) == f"{own}: there is a query 'timeline_key' already, in {shipped}; give one another name"
    twice = query_file(tmp_path, HEADER + SQL, "mine.sql")
    (tmp_path / "mine.sql").write_text(HEADER + SQL)
    own.unlink()
    with pytest.raises(CatalogError, match=f"^{tmp_path}/mine.sql: .* already, in {twice};"):
        queries([tmp_path])


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_a_folder_without_queries_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError) as refused:
        queries([tmp_path / folder])
    said = f"{tmp_path}/{folder}: no folder with queries; put NAME.sql into it, or into a folder THEME below it"
    assert str(refused.value) == said


def test_everything_that_is_wrong_with_front_matter_is_told_at_once(tmp_path: Path) -> None:
    text = HEADER.replace('"any"', '"all"').replace('"integer"', '"int"').replace('"The caller"', "1")
    path = query_file(tmp_path, text.replace('-- title = "Burst of refused calls"', "-- grade = 1"))
    assert [problem.removeprefix(f"{path}:").split(":")[0] for problem in examine(path)[1]] == [
        "2",
        "1",
        "4",
        "15",
        "1",
        "9",
    ]
    path.write_bytes(b"\xff")
    assert examine(path) == (None, [f"{path}:1: byte 0 is not UTF-8; save it as UTF-8 text"])


@pytest.mark.parametrize(
    ("kind", "given", "bound"),
    [
        ("text", " a'; DROP ", " a'; DROP "),
        ("integer", " 12 ", 12),
        ("integer", -3, -3),
        ("number", "2.5", 2.5),
        ("number", 2, 2.0),
        ("boolean", "No", False),
        ("boolean", True, True),
        ("timestamp", "2024-03-01T02:00:00+02:00", MIDNIGHT),
        ("timestamp", "2024-03-01", MIDNIGHT),
        ("timestamp", date(2024, 3, 1), MIDNIGHT),
        ("timestamp", datetime(2024, 3, 1, 2, tzinfo=timezone(timedelta(hours=2))), MIDNIGHT),
        ("timestamp", datetime(2024, 3, 1, tzinfo=UTC), MIDNIGHT),
        ("interval", "36h", timedelta(hours=36)),
        ("interval", timedelta(days=7), timedelta(days=7)),
        ("list", "ec2, s3,,iam", ["ec2", "s3", "iam"]),
        ("list", ("ec2", "s3"), ["ec2", "s3"]),
    ],
)
def test_a_value_and_its_text_are_bound_in_the_type_of_the_parameter(kind: str, given: Any, bound: Any) -> None:
    assert bind(asking(value={"type": kind}), {"value": given}) == {"value": bound}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("text", 111122223333),
        ("integer", "ten"),
        ("integer", True),
        ("integer", 2.5),
        ("integer", "9" * 40),
        ("number", "nan"),
        ("number", []),
        ("boolean", "perhaps"),
        ("timestamp", "yesterday"),
        ("timestamp", 7),
        ("timestamp", "9999-12-31T23:00:00-02:00"),
        ("interval", "7 parsecs"),
        ("interval", "999999999w"),
        ("list", [1]),
        ("list", 1),
    ],
)
def test_a_value_of_another_type_is_refused_with_what_was_given(kind: str, given: Any) -> None:
    with pytest.raises(UsageError) as refused:
        bind(asking(min_denied={"type": kind}), {"min_denied": given})
    like = {
        "integer": "; write it like 20", "number": "; write it like 6.5", "boolean": "; write it like true or false",
        "timestamp": "; write it like 2026-11-20T02:00Z", "interval": "; write it like 30m, 36h or 7d",
    }.get(kind, ".")  # fmt: skip
    assert str(refused.value) == f"denied_burst: min_denied is {given!r}, not {kind}{like}"


def test_a_choice_is_one_of_the_choices_and_the_refusal_lists_them() -> None:
    query = asking(result={"type": "choice", "choices": ("any", "Failure")})
    assert bind(query, {"result": "Failure"}) == {"result": "Failure"}
    with pytest.raises(UsageError) as refused:
        bind(query, {"result": "failure"})
    assert str(refused.value) == "denied_burst: result is 'failure', not one of any, Failure."


def test_defaults_are_filled_and_none_counts_as_not_given() -> None:
    query = asking(key={"type": "text"}, writes_only={"type": "boolean", "default": False})
    assert bind(query, {"key": "k", "writes_only": None}) == {"key": "k", "writes_only": False}


def test_a_required_parameter_that_is_missing_is_named_with_an_example() -> None:
    with pytest.raises(UsageError) as refused:
        bind(asking(key={"type": "text"}), {})
    assert str(refused.value) == "denied_burst: key is missing; for example: trailquery run ..."


def test_hyphens_and_underscores_are_the_same_in_parameter_names() -> None:
    assert bind(asking(min_denied={"type": "integer"}), {"min-denied": 5}) == {"min_denied": 5}


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("min_denid", "denied_burst: no parameter 'min_denid'; did you mean 'min_denied'?"),
        ("xyz", "denied_burst: no parameter 'xyz'; it takes min_denied"),
    ],
)
def test_an_unknown_parameter_is_refused_with_a_guess(name: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refused:
        bind(asking(min_denied={"type": "integer", "default": 1}), {name: 1})
    assert str(refused.value) == complaint
