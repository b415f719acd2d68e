"""The scope of a question: the window, accounts and regions, and what is told of them."""

from pathlib import Path

import pytest
from conftest import LOG_NAME, record, write_log
from runner import Ask, Said

from trailquery.ingest import ingest

EVENTS = ("2024-03-01T10:00:00Z", "2024-03-01T10:00:29Z", "2024-03-01T10:00:30Z", "2024-03-02T00:00:00Z")
EMPTY_SCOPE = (
    "no event of the lake is in this scope; its first is 2024-03-01T10:00:00Z, its last 2024-03-02T00:00:00Z\n"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the lake of EVENTS."""
    folder = tmp_path_factory.mktemp("scope")
    log = write_log(folder / "logs" / LOG_NAME, [record(eventID=time, eventTime=time) for time in EVENTS])
    ingest([log], folder / "lake")
    return folder


def test_the_window_is_told_in_the_zone_asked_for(ask: Ask) -> None:
    said = ask(
        "sql", "SELECT max(event_time) AS last FROM events", "--until", "2024-03-01T11:00:30", "--tz", "Europe/Berlin"
    )
    assert said == Said(0, "last\n2024-03-01T11:00:29+01:00\n", "window: start .. 2024-03-01T11:00:30+01:00\n")


def test_an_empty_scope_names_the_lakes_last_event(ask: Ask) -> None:
    said = ask("sql", "SELECT count(*) AS n FROM events", "--since", "2024-03-05")
    assert said == Said(0, "n\n0\n", f"window: 2024-03-05T00:00:00Z .. end\n{EMPTY_SCOPE}")


@pytest.mark.parametrize(
    ("scope", "rows", "told"),
    [
        ("--account 111122223333 --region us-east-1", 4, ""),
        (
            "--account 111122223334",
            0,
            f"--account 111122223334: no event of the lake is of it; did you mean '111122223333'?\n{EMPTY_SCOPE}",
        ),
        (
            "--account prod",
            0,
            f"--account prod: no event of the lake is of it; did you mean '111122223333'?\n{EMPTY_SCOPE}",
        ),
        (
            "--account 111122223333 --account \x1b[2J",
            4,
            "--account \\x1b[2J: no event of the lake is of it; see: trailquery info\n",
        ),
        (
            "--region us-east-1 --region us-eats-1",
            4,
            "--region us-eats-1: no event of the lake is of it; did you mean 'us-east-1'?\n",
        ),
        (
            "--only-intact",
            0,
            "--only-intact: 4 events left out; none in this scope is of a log file found intact; see: trailquery verify\n",
        ),
        ("--only-intact --since 2024-03-05", 0, f"window: 2024-03-05T00:00:00Z .. end\n{EMPTY_SCOPE}"),
    ],
)
def test_what_a_scope_names_and_the_lake_lacks_is_told(
    ask: Ask, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: str, rows: int, told: str
) -> None:
    (tmp_path / "trailquery.toml").write_text('[accounts]\n"111122223333" = "prod"\n')
    monkeypatch.chdir(tmp_path)
    said = ask("sql", "SELECT count(*) AS n FROM events", "--lake", str(home / "lake"), *scope.split(" "))
    assert said == Said(0, f"n\n{rows}\n", told)


def test_the_lake_may_be_named_by_the_environment(ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert ask("sql", "SELECT 1").code == 2
    monkeypatch.setenv("TRAILQUERY_LAKE", str(home / "lake"))
    assert ask("sql", "SELECT count(*) AS n FROM events").out == "n\n4\n"
