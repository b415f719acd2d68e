"""The tree of keys in which trails are delivered: which of its branches are wanted, and of which day each is."""

import re
from datetime import date, timedelta
from typing import NamedTuple

from trailquery.sources import delivery_path

_LATE = timedelta(days=1)  # files are laid in the day of delivery, which may be the day after the event
_GLOBAL = "us-east-1"  # global services and most sign-ins are recorded here
_FOLDER = re.compile(r"CloudTrail(-[A-Za-z]+)?")
_BRANCH = re.compile(
    r"(?:.*/)?AWSLogs/(?:o-[^/]+/)?(?P<account>\d{12})/"
    r"(?:(?P<folder>[^/]+)/(?:(?P<region>[^/]+)/(?:(?P<year>\d{4})/(?:(?P<month>\d\d)/(?:(?P<day>\d\d)/)?)?)?)?)?",
    re.ASCII | re.DOTALL,
)


class Wanted(NamedTuple):
    """What is asked of a trail; None and empty leave a side open. Days are those of the events, `until` included."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    def has_branch(self, prefix: str) -> bool:
        """Whether wanted files may lie below `prefix`, which ends with /."""
        branch = _BRANCH.fullmatch(prefix)
        if branch is None:
            return True
        year, month, day = branch["year"], branch["month"], branch["day"]
        return (
            (not self.accounts or branch["account"] in self.accounts)
            and (branch["folder"] is None or _FOLDER.fullmatch(branch["folder"]) is not None)
            and (branch["region"] is None or self._has_region(branch["region"]))
            and (year is None or self._has_days(f"{year}-{month or '01'}-{day or '01'}", f"{year}-{month or '12'}-{day or '31'}"))
        )  # fmt: skip

    def has_key(self, key: str) -> bool:
        """Whether the file may be wanted, as far as its key tells."""
        path, day = delivery_path(key), day_of(key)
        return (
            (not self.accounts or path.account_id is None or path.account_id in self.accounts)
            and (path.region is None or self._has_region(path.region))
            and (day is None or self._has_days(day, day))
        )

    def _has_region(self, region: str) -> bool:
        return not self.regions or region in self.regions or region == _GLOBAL

    def _has_days(self, first: str, last: str) -> bool:
        """Whether the days from `first` to `last`, as ISO text, meet the window and a day on either side."""
        return (self.since is None or last >= (self.since - _LATE).isoformat()) and (
            self.until is None or first <= (self.until + _LATE).isoformat()
        )


def is_day(prefix: str) -> bool:
    """Whether `prefix` is that of one day of one trail folder."""
    branch = _BRANCH.fullmatch(prefix)
    return branch is not None and branch["day"] is not None


def days_of(prefix: str, by_month: bool) -> str | None:
    """The day of one trail folder that `prefix` is of, or with `by_month` its month, as ISO text; None of any other."""
    branch = _BRANCH.fullmatch(prefix)
    if branch is None or not branch["month" if by_month else "day"]:
        return None
    return "-".join(filter(None, branch.group("year", "month", "day")))


def trail_of(key: str) -> str:
    """The folder of one account and region of a trail in which a key lies, else its own folder."""
    folder = key.rpartition("/")[0] + "/"
    return folder.rsplit("/", 4)[0] + "/" if is_day(folder) else folder


def day_of(key: str) -> str | None:
    """The day of delivery as ISO text, from the folders of a key or a prefix, else from the stamp in its name."""
    branch, stamp = _BRANCH.match(key), delivery_path(key).delivered_at
    if branch and branch["day"]:
        return f"{branch['year']}-{branch['month']}-{branch['day']}"
    return stamp.date().isoformat() if stamp else None
