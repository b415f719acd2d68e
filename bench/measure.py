"""What a command costs: wall and CPU seconds and peak memory of its whole tree of processes."""

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

_POLL_S = 0.05


class Cost(NamedTuple):
    """One run: seconds, and bytes of the largest sum over all its processes (PSS: shared pages count once)."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def run(command: Sequence[str | Path]) -> Cost:
    """Run `command` to its end. Raises RuntimeError with what it printed if it failed."""
    return watched(command)[0]


def watched(command: Sequence[str | Path]) -> tuple[Cost, list[int]]:
    """As `run`, and the bytes of all its processes every _POLL_S or somewhat more."""
    with tempfile.TemporaryFile() as said:
        start = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdout=said, stderr=said)
        memory = _Memory(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        memory.stop()
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(map(str, command))}: {said.read().decode(errors='replace')[-2000:]}")
    peak_bytes = max(*memory.samples, usage.ru_maxrss * 1024)
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, peak_bytes), memory.samples


def told(command: Sequence[str | Path], given: str = "") -> Any:
    """What `command`, given that on stdin, prints as JSON."""
    done = subprocess.run(command, input=given.encode(), stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def alternately(runs: int, contenders: dict[str, Callable[[], Cost]]) -> dict[str, Cost]:
    """Median cost of each contender over `runs` rounds, each round running every one of them once."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for number in range(runs):
        for name, contender in contenders.items():
            costs[name].append(contender())
            print(f"round {number + 1}: {name}: {shown(costs[name][-1])}", flush=True)
    return {name: middle(each) for name, each in costs.items()}


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(figure) for figure in zip(*costs, strict=True)))


def shown(cost: Cost) -> str:
    return f"{cost.wall_s:.1f} s wall, {cost.cpu_s:.1f} s CPU, {cost.peak_bytes / 2**20:,.0f} MiB"


class _Memory:
    """Watches the memory of a process and its descendants until it is told to stop."""

    def __init__(self, pid: int) -> None:
        self.samples = [0]
        self._root = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_POLL_S):
            self.samples.append(sum(map(_pss_bytes, _tree(self._root))))


def _tree(root: int) -> list[int]:
    """`root` and its descendants that are alive."""
    found = [root]
    for pid in found:
        try:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        except OSError:  # it ended in between
            continue
    return found


def _pss_bytes(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it ended in between
        return 0
    return next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)
