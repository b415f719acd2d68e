"""A folder of queries is checked: all that is wrong is told, each with file and line."""

from pathlib import Path

import pytest
from own_queries import SOUND
from runner import Said, run

from trailquery.catalog import resource_dir


def checked(folder: Path) -> Said:
    return run(folder, "queries", "--check", str(folder))


def test_a_sound_folder_is_called_sound(tmp_path: Path) -> None:
    (tmp_path / "calls.sql").write_text(SOUND)
    said = checked(tmp_path)
    assert (said.code, said.out, said.err) == (0, f"{tmp_path}: 1 query is sound\n", "")


def test_the_curated_queries_are_sound() -> None:
    said = checked(resource_dir("sql") / "queries")
    assert (said.code, said.out.splitlines()[:-1], said.err) == (0, [], "")


@pytest.mark.parametrize(
    ("written", "instead", "line", "complaint"),
    [
        ('"any"', '"all"', 4, "category is 'all', not one of "),
        ("timeline_session", "timeline_sesion", 9, "next runs 'timeline_sesion', which is no query"),
        ("run calls", "run call", 10, "the example is no command for this query; write: trailquery run calls"),
        ("--service s3", "--servce s3", 10, "the example is refused: No such option '--servce'"),
        ('"text"\n-- default = "ec2"', '"integer"\n-- default = 1', 10, "calls: service is 's3', not integer; write it like 20"),
        ("= $service", "IN ($service, $more)", 27, "$more is not declared; add [params.more], or leave it out"),
        ("WHERE service = $service\n", "", 12, "parameter service is not used; write $service, or leave it out"),
        ("    actor,\n", "", 19, "column actor is declared but not returned"),
        ("    actor,\n", "    actor,\n    target,\n", 17, "returned but not declared: target; add a line for each: target = ..."),
        ("    event_time,\n    actor,\n", "    actor,\n    event_time,\n", 17,
         "columns are returned in another order: actor, event_time, event_id"),
        ("ORDER BY event_time, event_id\n", "", 27, "the rows have no order; end with ORDER BY, up to the event_id"),
        ("ORDER BY event_time, event_id\n", "AND event_id IN (SELECT event_id FROM history ORDER BY 1)\n", 28,
         "the rows have no order; end with ORDER BY"),
        ("WHERE", "WHERE event_time >= DATE '2024-03-01' AND", 27, "'2024-03-01' is a date; leave it to --since"),
        ("WHERE", "WHERE event_time >= '2024-03-01T10:00Z' AND", 27, "'2024-03-01T10:00Z' is a date; leave it to --since"),
        ("WHERE", "WHERE -- ä '2024-03-01' ->\n    (request ->> '$.x') = 'y' AND", 28, "->> goes into raw JSON; ask for a column"),
        ("    event_id\n", "    1 AS event_id\n", 20, "column event_id is INTEGER, not VARCHAR"),
        ("    event_id\n", "    event_ids\n", 25, 'Binder Error: Referenced column "event_ids" not found'),
        ("    actor,\n", "    actor actor actor,\n", 24, 'SELECT: Parser Error: syntax error at or near "actor"'),
        ("ORDER BY", "; DROP TABLE x; SELECT", 22, "SELECT: 3 statements; write exactly one SELECT"),
        ("SELECT\n", "WITH gone AS (DELETE FROM events RETURNING 1) SELECT\n", 22, "SELECT: only reads are possible here"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_and_line_and_exit_code_3(
    tmp_path: Path, written: str, instead: str, line: int, complaint: str
) -> None:
    assert SOUND.count(written) == 1
    (tmp_path / "calls.sql").write_text(SOUND.replace(written, instead))
    said = checked(tmp_path)
    assert said.code == 3
    assert said.out.startswith(f"{tmp_path}/calls.sql:{line}: {complaint}")
    assert said.err == f"{tmp_path}: 1 problem in 1 queries\n"


def test_an_arrow_in_a_text_and_a_date_within_one_are_sound(tmp_path: Path) -> None:
    said_so = (
        "WHERE contains(target, 'on 2024-03-01 a -> b') AND contains(target, '->') AND  -- '2024-03-01' -> x\n    "
    )
    (tmp_path / "calls.sql").write_text(SOUND.replace("WHERE", said_so))
    assert checked(tmp_path).code == 0


def test_all_problems_of_all_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    wrong = SOUND.replace('"any"', '"all"').replace("-- title", "-- grade").replace("actor,", "actor actor,")
    (tmp_path / "calls.sql").write_text(wrong)
    (tmp_path / "more" / "calls.sql").write_text(SOUND)
    (tmp_path / "more" / "timeline_key.sql").write_text(SOUND.replace("run calls", "run timeline_key"))
    said = checked(tmp_path)
    places = [line.removeprefix(f"{tmp_path}/").split(": ")[0] for line in said.out.splitlines()]
    assert places == [
        "calls.sql:2",
        "calls.sql:1",
        "calls.sql:4",
        "more/calls.sql:1",
        "more/timeline_key.sql:1",
    ]
    assert "there is a query 'timeline_key' already, in /" in said.out
    assert (said.code, said.err) == (3, f"{tmp_path}: 5 problems in 3 queries\n")


def test_a_parameter_with_the_name_of_an_option_is_told(tmp_path: Path) -> None:
    (tmp_path / "calls.sql").write_text(SOUND.replace("params.service", "params.since").replace("$service", "$since"))
    said = "the example: parameter since has the name of an option that every query has; give it another"
    assert checked(tmp_path).out == f"{tmp_path}/calls.sql:10: {said.removeprefix('the example: ')}\n"
