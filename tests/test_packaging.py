import os
import subprocess
import sys
import zipfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def test_the_wheel_holds_queries_views_and_notebooks_and_works_without_the_checkout(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=PROJECT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "installed")
    for kind in ("sql/views/*.sql", "sql/queries/*/*.sql", "notebooks/*.ipynb"):
        in_checkout = {path.relative_to(PROJECT).as_posix() for path in PROJECT.glob(kind)}
        assert in_checkout, kind
        assert {f"trailquery/{path}" for path in in_checkout} <= set(names)
    listed = subprocess.run(
        [sys.executable, "-P", "-c", "import trailquery.cli; print(trailquery.__file__); trailquery.cli.main()", "queries"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert listed.stdout.startswith(str(tmp_path / "installed"))
    assert "timeline_key" in listed.stdout


def test_pins_name_no_index_address() -> None:
    pins = (PROJECT / "constraints.txt").read_text()
    assert "://" not in pins
    assert all("==" in line for line in pins.splitlines())
