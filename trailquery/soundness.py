"""What a record must not be, so that it neither spoils the others nor shows two faces.

Invalid UTF-8 and lone surrogates make every query on the column fail; of duplicate keys JSON readers disagree on
which value counts; nested deeper than `MAX_DEPTH`, DuckDB's JSON functions fail; numbers beyond a double they refuse. Such a record is rejected whole.
"""

import json
import math
from typing import Any

MAX_DEPTH = 100


class UnsoundError(Exception):
    """A record that cannot become a row; the message is the reason."""


def is_suspect(raw: bytes, keys: int) -> bool:
    """The record may have a flaw that its decoder overlooks; a false alarm costs only time.

    In compact JSON each key is followed by `":`, so a key more than the decoder kept is one that occurs twice
    (or a field we do not know, or such text in a string).
    """
    return (
        raw.count(b'":') != keys
        or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH
        or b"\\ud" in raw  # half of a surrogate pair
        or b"\\uD" in raw
        or b'" ' in raw  # white space that may part a key from its colon
        or b'"\t' in raw
        or b'"\n' in raw
        or b'"\r' in raw
    )


def examine(raw: bytes) -> None:
    """Raises UnsoundError with the reason why `raw` can be no row, if there is one. Exact and slow."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise UnsoundError(f"invalid UTF-8 at byte {error.start} of the record") from None
    except UnicodeEncodeError:
        raise UnsoundError("half of a surrogate pair (\\ud800-\\udfff) in a string") from None
    except json.JSONDecodeError as error:
        raise UnsoundError(f"broken JSON at character {error.pos} of the record: {error.msg}") from None
    except ValueError:  # Python's own limit
        raise UnsoundError("a number of more than 4,300 digits") from None
    except RecursionError:
        raise UnsoundError(f"nested deeper than {MAX_DEPTH} levels") from None
    if not isinstance(value, dict):
        raise UnsoundError(f"not a JSON object but {_kind(value)}")
    if _depth(value) > MAX_DEPTH:
        raise UnsoundError(f"nested deeper than {MAX_DEPTH} levels")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnsoundError(f"the key {twice!r} occurs twice in one object")
    return value


def _finite(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise UnsoundError(f"the number {written[:20]} is beyond the range of a double")
    return number


def _no_constant(name: str) -> None:
    raise UnsoundError(f"{name} is no JSON number")


def _kind(value: Any) -> str:
    kinds = {type(None): "null", str: "a string", bool: "a boolean", list: "an array"}
    return kinds.get(type(value), "a number")


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [
        child
        for parent in level
        for child in (parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ())
    ]:
        depth += 1
    return depth
