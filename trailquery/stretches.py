"""A text that is no sound JSON, cut into the values in it and what lies between them. Pure: no I/O."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

_NEXT_VALUE = re.compile(rb'\s*+(?:[{\[]|"(?=\{))')
_VALUE = msgspec.json.Decoder(msgspec.Raw)


class Stretch(NamedTuple):
    start: int
    end: int
    raw: msgspec.Raw | None  # the value that was looked for; None for a stretch without one
    reason: str


def stretches(
    text: bytes, starts: re.Pattern[bytes], wanted: Callable[[msgspec.Raw], bool], offset: int = 0
) -> Iterator[Stretch]:
    """`text` cut into the wanted values, at `starts` or right after another, and what lies between them.

    Linear in hostile text: once scans that came to nothing have covered four times its length, the search
    goes on where the last scan ended instead of inside what it saw.
    """
    kept = at = 0
    reason, spare = "", 4 * len(text)
    while match := (_NEXT_VALUE.match(text, at) if at == kept else None) or starts.search(text, at):
        start = match.end() - 1
        end, raw, fault = read_value(text, start)
        if raw is not None and wanted(raw):
            if kept < start:
                yield Stretch(kept, start, None, reason or f"no JSON at byte {offset + kept} of the text")
            yield Stretch(start, end, raw, "")
            kept, at, reason = end, end, ""
        else:
            reason = reason or (f"{fault} at byte {offset + end} of the text" if fault else "")
            spare -= end - start
            at = start + 1 if spare > 0 else max(end, start + 1)
    if kept < len(text):
        yield Stretch(kept, len(text), None, reason or f"no JSON at byte {offset + kept} of the text")


def read_value(text: bytes, start: int) -> tuple[int, msgspec.Raw | None, str]:
    """Where the JSON value at `start` ends, and the value; or where it breaks, and why.

    msgspec has no call for "the first value of a text", but it names the byte after the first trailing one.
    """
    rest = memoryview(text)[start:]
    try:
        return len(text), _VALUE.decode(rest), ""
    except RecursionError:
        return start + _depth_reached(rest), None, "nested too deep"
    except ValueError as error:
        fault, _, byte = str(error).removeprefix("JSON is malformed: ").rstrip(")").partition(" (byte ")
    if fault != "trailing characters":
        return (start + int(byte) if byte else len(text)), None, fault if byte else "ends early,"
    raw = _VALUE.decode(rest[: int(byte) - 1])
    return start + len(raw), raw, ""


def _depth_reached(rest: memoryview) -> int:
    """How many bytes of `rest` msgspec surely read before it gave up at the depth of its recursion."""
    reach = 1024
    while reach < len(rest):
        try:
            _VALUE.decode(rest[:reach])
        except ValueError:
            reach *= 2
        except RecursionError:
            break
    return reach // 2
