"""JSON values of any type as what they should be, or as nothing."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 naive UTC is the rule of the lake
_EPOCH_MILLISECONDS = re.compile(r"[0-9]{12,13}")
_EPOCH_SECONDS = re.compile(r"[0-9]{9,10}(\.[0-9]+)?")
_WORDED = re.compile(
    r"([A-Z][a-z]{2})\s+([0-9]{1,2}),\s+([0-9]{4}),?\s+(0?[1-9]|1[0-2]):([0-9]{2}):([0-9]{2})\s+([AP])M"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOTHING: Mapping[str, Any] = {}


def text(value: object) -> str | None:
    """A string that says something; null for blank strings and every other type."""
    return value if isinstance(value, str) and value.strip() else None


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def at(value: object, *path: str) -> object:
    """What lies at `path` in nested objects; null where a step is missing or no object."""
    for step in path:
        value = mapping(value).get(step)
    return value


def text_at(value: object, *path: str) -> str | None:
    return text(at(value, *path))


def items(value: object) -> list[object]:
    """The members of a list, however written: a list, {"items": [...]}, {"item": x}, or one object alone."""
    if isinstance(value, dict):
        wrapped = next((value[name] for name in ("items", "item", "member") if name in value), None)
        if wrapped is None:
            return [value] if value else []
        value = wrapped
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def flag(value: object) -> bool | None:
    """True and false, written as a boolean or as a word of any case."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else None
    return {"true": True, "false": False}.get(word) if word else None


def whole_number(value: object) -> int | None:
    """A count of 0 to 2^63-1: CloudTrail writes byte counts as doubles."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    number = int(value)
    return number if 0 <= number < 2**63 else None


def instant(value: object) -> datetime | None:
    """A moment as naive UTC.

    Seen in records: ISO 8601, `Jul 10, 2023 12:24:29 PM`, the same with a second comma, with U+202F before
    AM or PM, and seconds or milliseconds since 1970, as a number or as digits.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value).removesuffix(".0")
    if not isinstance(value, str):
        return None
    value = value.strip().replace("\u202f", " ")
    if _EPOCH_MILLISECONDS.fullmatch(value):
        return _EPOCH + timedelta(milliseconds=int(value))
    if _EPOCH_SECONDS.fullmatch(value):
        return _EPOCH + timedelta(seconds=float(value))
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return _worded_instant(value)


def _worded_instant(value: str) -> datetime | None:
    """An instant as `Mar 1, 2024, 11:00:00 AM`, which is UTC; a fifth of the time that strptime takes."""
    worded = _WORDED.fullmatch(value)
    if worded is None:
        return None
    month, day, year, hour, minute, second, half = worded.groups()
    try:
        hours = int(hour) % 12 + (12 if half == "P" else 0)
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), hours, int(minute), int(second))  # noqa: DTZ001
    except ValueError:
        return None
