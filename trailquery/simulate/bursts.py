"""Calls of one actor that follow one another within seconds, as programs and pages make them."""

from collections.abc import Iterable

from trailquery.simulate.organization import Organization
from trailquery.simulate.record import Actor, Event, Template


def burst(
    org: Organization, actor: Actor, calls: Iterable[Template], time: float, region: str, apart: float, **holes: str
) -> list[Event]:
    """`calls` by `actor` from `time` on, each up to `apart` seconds after the one before it."""
    random, events = org.random, []
    for call in calls:
        events.append(call.event(random, actor, int(time), region, **holes))
        time += random.random() * apart
    return events
