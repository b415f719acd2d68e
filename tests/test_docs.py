import csv
import subprocess
import sys
from pathlib import Path

import pytest

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
def test_a_page_shows_what_the_code_says_and_does(page: str) -> None:
    check = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", "-I", "tests", page],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert check.returncode == 0, f"{check.stdout}{check.stderr}\nmend it with: make docs"


def test_every_technique_of_the_matrix_has_a_query_or_a_reason_why_not() -> None:
    techniques = list(csv.DictReader((PROJECT / "docs" / "attack.csv").open(newline="")))
    asked = {technique for query in queries() for technique in query.mitre}
    assert [row["id"] for row in techniques if (row["id"] in asked) == bool(row["unseen"])] == []
    assert len({row["id"] for row in techniques}) == len(techniques)
