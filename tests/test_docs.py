import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def test_the_readme_shows_what_the_code_says_and_does() -> None:
    check = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", "-I", "tests", "README.md"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert check.returncode == 0, f"{check.stdout}{check.stderr}\nmend it with: make docs"
