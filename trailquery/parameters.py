"""The parameters of a query: their types, what may be given for them, and their values as SQL literals."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from trailquery import utc

TYPES = ("text", "integer", "number", "boolean", "timestamp", "interval", "choice", "list")

_SPAN = re.compile(r"([0-9]{1,9})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Param:
    """A parameter of a query; `default` is already of its type, and None where one is required."""

    name: str
    type: str
    about: str
    default: Any = None
    required: bool = True
    choices: tuple[str, ...] = ()


def convert(param: Param, value: Any) -> Any:
    """`value`, of the type of `param` or its text form, in that type: times naive UTC, intervals timedelta.

    Raises ValueError, OverflowError where it cannot be.
    """
    if param.type == "choice":
        return param.choices[param.choices.index(value)]
    return _CONVERTERS[param.type](value.strip() if isinstance(value, str) and param.type != "text" else value)


def span(text: str) -> timedelta | None:
    """How long 36h or 7d is; None where the text is no span. Raises OverflowError."""
    said = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[said[2]]: int(said[1])}) if said else None


def literal(value: Any) -> str:
    """A converted value as DuckDB writes it; no text in it ever ends its quotes."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]::VARCHAR[]"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, timedelta):
        return f"INTERVAL '{value.days} days {value.seconds}.{value.microseconds:06} seconds'"
    if isinstance(value, float):
        return f"{value!r}::DOUBLE"
    return str(value).upper()  # a boolean, an integer


def spelled_out(sql: str, values: Mapping[str, Any]) -> str:
    """`sql` with a literal in the place of each `$name`, and otherwise as it is written."""
    import duckdb  # here, so that a list of queries need not wait for it

    ((tree,),) = duckdb.connect().execute("SELECT json_serialize_sql($sql)", {"sql": sql}).fetchall()
    places = sorted(set(_places(json.loads(tree))), reverse=True)  # CASE x WHEN has its x in each branch
    text = sql.encode()
    for start, length, name in places:
        text = text[:start] + literal(values[name]).encode() + text[start + length :]
    return text.decode()


def shown_value(value: Any) -> str:
    """A converted value as it would be typed."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, timedelta):
        seconds = value // timedelta(seconds=1)
        unit, of = next(
            (unit, of) for unit, of in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)) if not seconds % of
        )
        return f"{seconds // of}{unit}"
    return str(value)


def _places(tree: Any) -> Iterator[tuple[int, int, str]]:
    """Byte offset, length and name of each parameter in a syntax tree of DuckDB."""
    if isinstance(tree, dict) and tree.get("class") == "PARAMETER":
        yield tree["query_location"], tree["query_location_length"], tree["identifier"]
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _places(child)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _integer(value: Any) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", str(value)):
        raise ValueError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not math.isfinite(float(value)):
        raise ValueError
    return float(value)


def _boolean(value: Any) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if str(value).lower() not in words:
        raise ValueError
    return words[str(value).lower()]


def _timestamp(value: Any) -> datetime:
    """Naive UTC; a time without an offset is UTC, a date is its first instant."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    return utc.naive(value) if isinstance(value, datetime) else utc.instant(_text(value))


def _interval(value: Any) -> timedelta:
    value = span(value) if isinstance(value, str) else value
    if not isinstance(value, timedelta):
        raise ValueError
    return value


def _list(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple | set | frozenset):
        raise ValueError
    return [_text(part) for part in (sorted(value) if isinstance(value, set | frozenset) else value)]


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "interval": _interval,
    "list": _list,
}
