from datetime import UTC, datetime

import pytest

from trailquery.errors import UsageError
from trailquery.times import parse_time, shown, zone

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BERLIN = zone("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "tz", "moment"),
    [
        ("2026-11-20", "UTC", "2026-11-20T00:00:00"),
        ("2026-11-20", "Europe/Berlin", "2026-11-19T23:00:00"),
        ("2026-07-20", "Europe/Berlin", "2026-07-19T22:00:00"),
        ("2026-11-20T02:11:09Z", "Europe/Berlin", "2026-11-20T02:11:09"),
        ("2026-11-20T02:11:09+05:30", "UTC", "2026-11-19T20:41:09"),
        (" 2026-11-20 02:11 ", "UTC", "2026-11-20T02:11:00"),
        ("7d", "Europe/Berlin", "2026-11-14T12:00:00"),
        ("36h", "UTC", "2026-11-20T00:00:00"),
        ("90m", "UTC", "2026-11-21T10:30:00"),
    ],
)
def test_a_time_comes_out_as_naive_utc(text: str, tz: str, moment: str) -> None:
    assert parse_time(text, zone(tz), NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "7", "-7d", "99999999999d", "20.11.2026", "\u0667d"])
def test_what_is_no_time_is_refused_and_says_what_would_be(text: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_time(text, BERLIN, NOW, "--since")
    assert str(error.value) == (
        f"--since {text!r}: no time; write 2026-11-20, 2026-11-20T02:11:09Z, or a span back from now such as 7d or 36h"
    )


@pytest.mark.parametrize("name", ["Mars", "", "../../etc/hostname", "/etc/hostname", "a\0b"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="^--tz .*: no such time zone; write UTC or a name such as Europe/Berlin$"):
        zone(name)


@pytest.mark.parametrize(
    ("moment", "tz", "text"),
    [
        (datetime.max, "Asia/Tokyo", "9999-12-31T23:59:59.999999Z"),  # noqa: DTZ901 naive UTC
        (datetime.min, "America/New_York", "0001-01-01T00:00:00Z"),  # noqa: DTZ901 naive UTC
    ],
)
def test_a_time_that_no_year_of_the_zone_holds_is_shown_in_utc(moment: datetime, tz: str, text: str) -> None:
    assert shown(moment, zone(tz)) == text


@pytest.mark.parametrize(
    ("tz", "text"),
    [("UTC", "2026-11-20T02:11:09Z"), ("Europe/Berlin", "2026-11-20T03:11:09+01:00")],
)
def test_a_time_is_shown_with_z_or_its_offset(tz: str, text: str) -> None:
    moment = datetime(2026, 11, 20, 2, 11, 9)  # noqa: DTZ001
    assert shown(moment, zone(tz)) == shown(moment.replace(tzinfo=UTC), BERLIN if tz != "UTC" else zone(tz)) == text
