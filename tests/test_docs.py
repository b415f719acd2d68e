import csv
from pathlib import Path

import pytest
from cogapp import Cog

from trailquery.catalog import queries

PROJECT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/commands.md",
        "sql/views/README.md",
        "sql/queries/README.md",
        "docs/attack.md",
        "docs/integrity.md",
    ],
)
def test_a_page_shows_what_the_code_says_and_does(
    page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT)
    code = Cog().main(["cog", "--check", "--diff", "-I", "tests", page])
    assert code == 0, f"{capsys.readouterr()}\nmend it with: make docs"


def test_every_technique_of_the_matrix_has_a_query_or_a_reason_why_not() -> None:
    techniques = list(csv.DictReader((PROJECT / "docs" / "attack.csv").open(newline="")))
    asked = {technique for query in queries() for technique in query.mitre}
    assert [row["id"] for row in techniques if (row["id"] in asked) == bool(row["unseen"])] == []
    assert len({row["id"] for row in techniques}) == len(techniques)
