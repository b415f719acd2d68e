"""`logs.decode` in several processes: log files go out in parcels, tables come back in the order of the files.

A worker is a plain `python -m trailquery.workers` that takes pickled parcels on stdin and answers on stdout. It needs no
guard in the script that calls, hears no Ctrl-C, and ends with the process that started it, however that ends.
"""

import gc
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import chain, islice
from pathlib import Path
from queue import Empty, Queue, SimpleQueue
from typing import TypeVar

from trailquery.errors import MachineError
from trailquery.imports import without_arrays
from trailquery.logs import Decoded, Origin, decode

PARCEL_BYTES = 1 << 20  # of log files as delivered, gzip mostly: about a second of decoding
PARCEL_FILES = 500
_WAITING = 2  # parcels a worker, at work or answered and not yet taken
_TABLES = 2  # of a parcel, answered and not yet taken: a long file makes many

Parcel = list[tuple[Origin, bytes]]
Found = TypeVar("Found")


def usable_cores() -> int:
    """The cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def decode_in_parallel(
    files: Iterable[tuple[Origin, bytes]], table_records: int, jobs: int
) -> Generator[Decoded, None, None]:
    """What `logs.decode` yields, in tables that may end elsewhere, from `jobs` worker processes.

    With one job, or where one parcel holds all files, no process is started. Raises MachineError when a worker ends early.
    """
    waiting = parcels(files, lambda file: len(file[1]), PARCEL_FILES)
    ahead = list(islice(waiting, 2)) if jobs > 1 else []
    if len(ahead) < 2:
        yield from decode((file for parcel in chain(ahead, waiting) for file in parcel), table_records)
        return
    with ExitStack() as stack:
        workers = [_Worker(table_records) for _ in range(jobs)]
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in workers:
            idle.put(worker)
            stack.callback(worker.close)
        threads = stack.enter_context(ThreadPoolExecutor(jobs))
        answers: deque[_Answer] = deque()
        stack.callback(lambda: deque(map(_Answer.drop, answers), maxlen=0))
        for worker in workers:  # what is under way when this ends early is of no use
            stack.callback(worker.kill)
        for parcel in chain(ahead, waiting):
            answers.append(_Answer(threads, idle, parcel))
            if len(answers) >= _WAITING * jobs:
                yield from answers[0].tables()
                answers.popleft()
        while answers:
            yield from answers[0].tables()
            answers.popleft()


class _Answer:
    """The tables of one parcel as a worker answers them, a few ahead of who takes them."""

    def __init__(self, threads: ThreadPoolExecutor, idle: "SimpleQueue[_Worker]", parcel: Parcel) -> None:
        self._tables: Queue[Decoded | None] = Queue(_TABLES)
        self._done: Future[None] = threads.submit(self._fetch, idle, parcel)

    def _fetch(self, idle: "SimpleQueue[_Worker]", parcel: Parcel) -> None:
        worker = idle.get()
        try:
            for table in worker.decoded(parcel):
                self._tables.put(table)
        finally:
            idle.put(worker)
            self._tables.put(None)

    def tables(self) -> Iterator[Decoded]:
        """Raises MachineError when the worker has ended."""
        while table := self._tables.get():
            yield table
        self._done.result()

    def drop(self) -> None:
        """Let the thread end, whatever it waits for."""
        self._done.cancel()
        while not self._done.done():
            with suppress(Empty):
                self._tables.get(timeout=0.05)


def parcels(files: Iterable[Found], size_of: Callable[[Found], int], most: int) -> Iterator[list[Found]]:
    """The files in lists of PARCEL_BYTES or somewhat more, or of so many."""
    parcel, size = list[Found](), 0
    for file in files:
        parcel.append(file)
        size += size_of(file)
        if size >= PARCEL_BYTES or len(parcel) >= most:
            yield parcel
            parcel, size = [], 0
    if parcel:
        yield parcel


class _Worker:
    """A process that decodes one parcel at a time."""

    def __init__(self, table_records: int) -> None:
        self._table_records = table_records
        package = str(Path(__file__).parent.parent)
        search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "trailquery.workers"],  # -P: nothing is imported from the working directory
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": search},
            start_new_session=True,  # the terminal's Ctrl-C is for the process that waits
        )

    def decoded(self, parcel: Parcel) -> Iterator[Decoded]:
        """The tables of `parcel`. Raises MachineError when the process has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: PT018, S101
        try:
            pickle.dump((parcel, self._table_records), self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            while table := pickle.load(self._process.stdout):  # noqa: S301 (our own process)
                yield table
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            code = self._process.wait()
            raise MachineError(
                f"{parcel[0][0].source_file}: a worker process ended early, with exit code {code}; the lake is as"
                " after its last commit; run the same command again, with --jobs 1 if memory is short"
            ) from None

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        with suppress(BrokenPipeError):  # of what it did not take any more
            self._process.__exit__(None, None, None)


def serve() -> None:
    """Answer parcels until there are no more."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    gc.disable()
    while True:
        try:
            parcel, table_records = pickle.load(requests)  # noqa: S301 (from the process that started this one)
            for table in chain(decode(parcel, table_records), [None]):
                pickle.dump(table, answers, pickle.HIGHEST_PROTOCOL)
                answers.flush()
            gc.collect(1)  # what is new; by itself it would walk all that is remembered, over and over
        except EOFError:
            return
        except (BrokenPipeError, pickle.UnpicklingError):  # who asked was killed
            os._exit(1)  # Python would tell of what is not flushed


if __name__ == "__main__":
    without_arrays()
    serve()
