import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


@pytest.mark.parametrize("page", ["README.md", "sql/views/README.md"])
def test_a_page_shows_what_the_code_says_and_does(page: str) -> None:
    check = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", "-I", "tests", page],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert check.returncode == 0, f"{check.stdout}{check.stderr}\nmend it with: make docs"
