"""The wording of messages: a number with its noun, a guess at what was meant."""

import re
from collections.abc import Iterable
from difflib import get_close_matches


def counted(count: int, noun: str) -> str:
    """1 event, 2,000 events, 3 queries, 4 days."""
    plural = re.sub(r"(?<![aeo])y$", "ie", noun) + "s"
    return f"{count:,} {noun if count == 1 else plural}"


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """A question that names the one of `known` that is nearest; "" where none is near."""
    close = get_close_matches(given, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else ""
