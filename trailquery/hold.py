"""A lake on hold: nothing in it is merged or removed until it is released. Its past stays, one line a change.

`hold.jsonl` in the lake: {"at": ISO time, UTC, "by": login name, "reason": text, or null for a release}.
"""

import getpass
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from trailquery.errors import UsageError

_FILE = "hold.jsonl"


class Hold(NamedTuple):
    """`at` is ISO, UTC; `reason` is None for a release."""

    at: str
    by: str
    reason: str | None


def holds(lake: Path) -> list[Hold]:
    """Every hold and release of the lake, oldest first. Raises UsageError where the file of them is broken."""
    file = lake / _FILE
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        return [Hold(**json.loads(line)) for line in lines]
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"{file}: is no list of holds ({error}); mend it, or move the file away") from None


def held(lake: Path) -> Hold | None:
    """The hold that the lake is under."""
    past = holds(lake)
    return past[-1] if past and past[-1].reason is not None else None


def hold(lake: Path, reason: str) -> Hold:
    """Put the lake on hold. Raises UsageError where it is already, or without a reason."""
    if not reason.strip():
        raise UsageError('hold: without a reason; for example: trailquery hold "case 42, letter of 1 March"')
    if now := held(lake):
        raise UsageError(f"{lake}: {told(now)} already; release it first: trailquery hold --release")
    return _note(lake, reason)


def release(lake: Path) -> Hold:
    """Release the lake; returns the hold that ended. Raises UsageError where there is none."""
    now = held(lake)
    if now is None:
        raise UsageError(f"{lake}: not on hold; see: trailquery hold")
    _note(lake, None)
    return now


def refuse_while_held(lake: Path, what: str) -> None:
    """Raises UsageError for something that a hold forbids."""
    if now := held(lake):
        raise UsageError(f"{what}: {lake} {told(now)}; release it first: trailquery hold --release")


def told(now: Hold) -> str:
    return f"is on hold since {now.at}, by {now.by}: {now.reason}"


def _note(lake: Path, reason: str | None) -> Hold:
    now = Hold(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), login(), reason)
    with (lake / _FILE).open("a", encoding="utf-8") as file:  # a line is written whole, by one who goes on as well
        file.write(json.dumps(now._asdict()) + "\n")
    return now


def login() -> str:
    """The name of the user who runs this, or their number: a container may have no name for it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # KeyError: up to Python 3.12
        return str(os.getuid())
