"""The event history that CloudTrail keeps of the last 90 days without a trail, read through LookupEvents.

Each page is a file of its own, its bytes exactly as they came. Its place holds the span of time that it proves to be
complete, so that the next ingest asks only for what no page covers yet.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from trailquery import utc
from trailquery.errors import UsageError
from trailquery.sources.aws import DEFAULT_REGION, Access, caller, client, reason
from trailquery.sources.found import Found, Known, Listed, LogFile, SoFar, Unread

KEPT = timedelta(days=90)
_SETTLED = timedelta(hours=1)  # what is younger may still grow, and is asked for again
_PAUSE_S = 0.5  # two requests a second for each account and region: CloudTrail User Guide, "Quotas"
_COMMIT_S = 60.0  # of paging, which a kill may cost
_SECOND = timedelta(seconds=1)

Span = tuple[datetime, datetime]  # naive UTC, whole seconds, both ends included


def open_history(
    access: Access = Access(),  # noqa: B008
    regions: tuple[str, ...] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> "EventHistory":
    """The event history of the caller's account, [since, until) in naive UTC.

    Without `regions` it is that of the profile's region and of us-east-1, where global services are recorded.
    """
    session = access.session()
    regions = regions or tuple(dict.fromkeys([session.region_name or DEFAULT_REGION, DEFAULT_REGION]))
    account, _ = caller(session, regions[0])
    clients = {region: client(session, "cloudtrail", region, access.endpoint_url) for region in regions}
    now = utc.now().replace(microsecond=0)
    asked = (max(since or now - KEPT, now - KEPT), min(until - _SECOND if until else now, now))
    if asked[0] > asked[1]:
        raise UsageError("event-history: CloudTrail keeps 90 days; ask for some of them with --since and --until")
    return EventHistory(clients, account, asked, now)


class EventHistory:
    """The event history of one account in some regions."""

    def __init__(self, clients: dict[str, Any], account: str, asked: Span, now: datetime) -> None:
        self._clients, self._account, self._asked, self._now = clients, account, asked, now

    def files(self, known: Known) -> Iterator[Found | SoFar]:
        """The pages that no earlier ingest holds, newest first; a region that refuses is told as unread."""
        committed = time.monotonic()
        for region, cloudtrail in self._clients.items():
            place = f"cloudtrail:LookupEvents/{self._account}/{region}"
            covered = [span for text in known.places_below(f"{place}/") if (span := _span(text))]
            bodies: list[bytes] = []
            cloudtrail.meta.events.register("after-call.cloudtrail.LookupEvents", _keep_body(bodies))
            try:
                for gap in _gaps(self._asked, covered):
                    for page in self._pages(cloudtrail, bodies, place, gap):
                        yield page
                        if time.monotonic() - committed >= _COMMIT_S:
                            yield SoFar()
                            committed = time.monotonic()
            except (BotoCoreError, ClientError) as error:
                yield Unread(place, reason(error, "cloudtrail:LookupEvents"))
            else:
                yield Listed(place, 0)

    def _pages(self, cloudtrail: Any, bodies: list[bytes], place: str, gap: Span) -> Iterator[LogFile]:
        """The pages of one span; `bodies` holds the bytes of the last answer."""
        last = min(gap[1], self._now - _SETTLED)
        token: dict[str, str] = {}
        while True:
            page = cloudtrail.lookup_events(
                StartTime=gap[0].replace(tzinfo=UTC), EndTime=gap[1].replace(tzinfo=UTC), MaxResults=50, **token
            )
            token = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
            times = [utc.naive(event["EventTime"]) for event in page["Events"]]
            # The oldest second of a page may go on in the next one.
            first = gap[0] if not token else min(times, default=last).replace(microsecond=0) + _SECOND
            yield LogFile(f"{place}/{first.isoformat()}Z/{last.isoformat()}Z", bodies.pop(), None)
            if not token:
                return
            last = min(last, first - _SECOND)
            time.sleep(_PAUSE_S)


def _keep_body(bodies: list[bytes]) -> Any:
    def keep(http_response: Any, **_: Any) -> None:
        bodies[:] = [http_response.content]

    return keep


def _span(place: str) -> Span | None:
    """The span that the page at `place` covers; None for one that covers none."""
    first, last = (utc.instant(text) for text in place.split("/")[-2:])
    return (first, last) if first <= last else None


def _gaps(asked: Span, covered: list[Span]) -> list[Span]:
    """What of `asked` no span covers, newest first."""
    gaps, last = [], asked[1]
    for span in sorted(covered, key=lambda span: span[1], reverse=True):
        if span[1] < last:
            gaps.append((max(span[1] + _SECOND, asked[0]), last))
        last = min(last, span[0] - _SECOND)
    return [gap for gap in [*gaps, (asked[0], last)] if gap[0] <= gap[1]]
