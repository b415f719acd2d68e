"""Times as people type them -> naive UTC, and UTC as people want to read it."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trailquery import utc
from trailquery.errors import UsageError
from trailquery.parameters import span


def zone(name: str) -> ZoneInfo:
    """The time zone `name` of the IANA database. Raises UsageError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"--tz {name!r}: no such time zone; write UTC or a name such as Europe/Berlin") from None


def parse_time(text: str, tz: ZoneInfo, now: datetime, option: str = "time") -> datetime:
    """Naive UTC for a date, an ISO instant, or a span back from `now` (aware): `2026-11-20`, `7d`, `36h`.

    A time without an offset is read in `tz`. Raises UsageError, which names the `option` it came from.
    """
    try:
        back = span(text.strip())
        moment = datetime.fromisoformat(text.strip()) if back is None else now - back
        return utc.naive(moment if moment.tzinfo else moment.replace(tzinfo=tz))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text!r}: no time; write 2026-11-20, 2026-11-20T02:11:09Z, or a span back from now such as 7d or 36h"
        ) from None


def window(since: str | None, until: str | None, tz: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """--since and --until as `parse_time` reads them. Raises UsageError, also where the one is not before the other."""
    now = datetime.now(UTC).replace(microsecond=0)
    first = None if since is None else parse_time(since, tz, now, "--since")
    last = None if until is None else parse_time(until, tz, now, "--until")
    if first and last and first >= last:
        raise UsageError(f"--since {since}: not before --until {until}; swap them")
    return first, last


def shown(moment: datetime, tz: ZoneInfo) -> str:
    """ISO text with Z or an offset; a naive `moment` is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    with suppress(OverflowError):  # at the ends of the calendar another zone may have no such day
        aware = aware.astimezone(tz)
    return aware.isoformat().replace("+00:00", "Z")
