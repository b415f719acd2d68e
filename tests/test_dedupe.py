"""How much work it is to tell the copies of one event apart; what comes of it is in test_ingest."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from conftest import LOG_NAME, record, write_log

from trailquery.ingest import Summary, ingest
from trailquery.records import canonical


def counted(work: Callable[[], Summary]) -> tuple[Summary, int]:
    """What `work` returns, and how many records it took apart to compare their contents."""
    calls = 0

    def count(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code is canonical.__code__

    sys.setprofile(count)
    try:
        return work(), calls
    finally:
        sys.setprofile(None)


def test_a_copy_is_compared_with_all_that_differ_at_the_cost_of_two(tmp_path: Path) -> None:
    copies = [record(requestParameters={"n": number}) for number in range(40)]
    again = [dict(reversed(copy.items())) for copy in copies]
    kinds = []
    for name, records in (("first", copies), ("again", again), ("more", [record(requestParameters={"n": -1})])):
        log = write_log(tmp_path / name / LOG_NAME, records)
        summary, calls = counted(lambda log=log: ingest([log], tmp_path / "lake"))
        kinds.append((summary.loaded, summary.variant, summary.duplicate))
        assert calls <= 2 * len(copies) + 1
    assert kinds == [(1, 39, 0), (0, 0, 40), (0, 1, 0)]
