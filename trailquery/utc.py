"""Times as the lake holds them: naive, always UTC; as text they end in Z."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def naive(time: datetime) -> datetime:
    """The time in UTC, without a zone; one without a zone is UTC. Raises OverflowError."""
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def instant(text: str) -> datetime:
    """An ISO time; UTC where it names no zone. Raises ValueError, OverflowError."""
    return naive(datetime.fromisoformat(text))


def zulu(time: datetime) -> str:
    return f"{naive(time).isoformat()}Z"
