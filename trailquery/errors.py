"""What can go wrong, and the exit code it ends with.

    TrailqueryError
    ├── UsageError      2  the request was wrong: a name, an option, a query, a missing lake
    ├── CatalogError    3  a query file is broken
    ├── EvidenceError   4  the evidence makes the whole answer untrue
    └── MachineError    5  the machine failed: disk, permission, network; the lake is as after the last commit

`hunt --fail-on` ends with 10 when it found what it was asked to fail on.

A message is one line: where: what is wrong; what to do. Anything else that is raised is a bug.
Bad evidence raises nothing: it is kept in `rejects` with its reason.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class TrailqueryError(Exception):
    exit_code = 1


class UsageError(TrailqueryError):
    exit_code = 2


class CatalogError(TrailqueryError):
    exit_code = 3


class EvidenceError(TrailqueryError):
    exit_code = 4


class MachineError(TrailqueryError):
    exit_code = 5


_MENDED = {
    "Permission denied": "change its permissions, or name another place",
    "Operation not permitted": "change its permissions, or name another place",
    "Read-only file system": "name a place on another disk",
    "No space left on device": "make room there",
    "Disk quota exceeded": "make room there",
}


def refused(error: Exception, place: object, then: str = "") -> MachineError:
    """What to raise for `error`, of the system or of a library, at `place`: where, what, and what mends it.

    Of what delta-rs tells in several lines, the cause.
    """
    what = getattr(error, "strerror", None) or str(error).rpartition("\x1b[0m ")[2].splitlines()[0]
    mended = next((mended for said, mended in _MENDED.items() if said in what), "")
    return MachineError("; ".join(filter(None, (f"{place}: {what}", mended, then))))


@contextmanager
def at(place: object) -> Iterator[None]:
    """Raises MachineError for what the system refuses at `place`."""
    try:
        yield
    except BrokenPipeError:  # of who reads the answer
        raise
    except OSError as error:
        raise refused(error, place) from None
