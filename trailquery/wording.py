"""The wording of messages: a number with its noun, a guess at what was meant."""


def counted(count: int, noun: str) -> str:
    """1 event, 2,000 events, 3 queries."""
    plural = f"{noun.removesuffix('y')}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
