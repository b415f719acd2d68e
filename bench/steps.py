"""What each step of an ingest costs, in one process: CPU seconds, prints one JSON object.

    python steps.py CORPUS LAKE

A step's time is its own: what it calls and is a step itself counts there.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

from trailquery import dedupe, ingest, logs, records, tables

REST = "the rest: reading files, row by row bookkeeping, ledger"
NAMES = {  # by the first column that a step gives
    "target": "target, resources and what else request and response say",
    "caller": "caller: userIdentity",
    "identity_type": "caller: what more of the record is needed",
    "client_ip": "address and client",
    "category": "category, access, service",
    "bytes_out": "additionalEventData",
    "event_time": "event time",
}


class Clock:
    """CPU seconds of each step so far, of the whole process with its threads."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._under_way = [REST]
        self._since = process_time()

    def _turn(self) -> None:
        now = process_time()
        self.seconds[self._under_way[-1]] += now - self._since
        self._since = now

    def timed(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, its time counted as `step`."""

        def run(*given: Any, **named: Any) -> Any:
            self._turn()
            self._under_way.append(step)
            try:
                return function(*given, **named)
            finally:
                self._turn()
                self._under_way.pop()

        return run

    def timed_items(self, step: str, function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """`function`, the time that each item it yields takes counted as `step`."""

        def run(*given: Any) -> Iterator[Any]:
            items = function(*given)
            return iter(self.timed(step, lambda: next(items, None)), None)

        return run

    def timed_map(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`map(function, ...)`, worked out at once and counted as `step`."""
        return self.timed(step, lambda *columns: list(map(function, *columns)))


def main(corpus: str, lake: str) -> None:
    clock = Clock()
    _watch(clock)
    ingest.ingest([corpus], Path(lake), jobs=1)
    print(json.dumps(clock.seconds))


def _watch(clock: Clock) -> None:
    seen = {
        id(function): clock.timed_map(
            NAMES.get(gives if isinstance(gives, str) else gives[0], "other columns"), function
        )
        for gives, function, _ in records._STEPS
    }

    def mapped(function: Callable[..., Any], *columns: Any) -> Any:
        return seen[id(function)](*columns) if id(function) in seen else map(function, *columns)

    records.map = mapped  # type: ignore[attr-defined]
    for module, name, step in (
        (logs, "read_record", "record to fields"),
        (logs, "columns_of", "columns: transposing, JSON texts"),
        (dedupe.Dedupe, "sort", "duplicates"),
        (tables, "append", "sorting, Parquet, commit"),
        (ingest, "compact_small_files", "compaction"),
    ):
        setattr(module, name, clock.timed(step, getattr(module, name)))
    logs.read_pieces = clock.timed_items("gunzip and finding the records", logs.read_pieces)
    logs.pa = _Timed(logs.pa, clock)  # type: ignore[attr-defined]


class _Timed:
    """pyarrow with `table` counted as a step."""

    def __init__(self, arrow: Any, clock: Clock) -> None:
        self._arrow = arrow
        self.table = clock.timed("Python values to Arrow", arrow.table)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._arrow, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
