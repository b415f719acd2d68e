"""What a source and a lake hold, as `integrity` judges it."""

from pathlib import Path

import pytest

from trailquery.evidence import held_by_source
from trailquery.integrity import verify
from trailquery.simulate import simulate
from trailquery.sources import open_source


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trail") / "logs"
    simulate(out, events=300, story="trail-tampering", days=1)
    return out


def test_a_simulated_tree_is_intact_with_its_metadata_and_keys_beside_it(tree: Path):
    held = held_by_source(open_source(tree))
    found = verify(*held)
    assert {file.verdict for file in found.files} <= {"intact", "pending"}
    assert {one.verdict for one in found.chains} == {"whole", "gap"}
