"""The ordinary life of the organisation: who calls how often, and when."""

from collections.abc import Callable, Iterator
from itertools import accumulate

from trailquery.simulate.machines import Machines
from trailquery.simulate.organization import Organization
from trailquery.simulate.people import People
from trailquery.simulate.record import DAY_S, Event
from trailquery.simulate.services import SERVICE_CALLS, data_key_made

STEP_S = 300
# Of a day's calls, how many fall into each hour (UTC).
DAY_CURVE = (4, 4, 4, 4, 4, 5, 6, 8, 10, 11, 11, 10, 10, 11, 11, 10, 9, 8, 7, 6, 5, 5, 4, 4)

Maker = Callable[[int], tuple[Event, ...]]


class Background:
    """Makes exactly `events` records between `start` and `end` (seconds UTC), in steps of five minutes."""

    def __init__(self, org: Organization, events: int, start: int, end: int) -> None:
        self.org, self.start, self.end = org, start, end
        people, machines = People(org), Machines(org)
        makers: list[tuple[Maker, float]] = [(bound(org, call), weight) for call, weight in SERVICE_CALLS]
        makers += [
            (machines.instance_called, 6),
            (machines.function_called, 5),
            (machines.ci_called, 3),
            (machines.terraform_called, 2.5),
            (people.console_used, 2),
            (people.laptop_used, 1.2),
            (people.login_refused, 0.04),
        ]
        self.makers = [maker for maker, _ in makers]
        self.weights = list(accumulate(weight for _, weight in makers))
        self.filler = bound(org, data_key_made)
        self.steps = range(start, end, STEP_S)
        curve = [DAY_CURVE[step % DAY_S // 3600] for step in self.steps]
        total = sum(curve)
        self.due = [events * share // total for share in accumulate(curve)]

    def batches(self) -> Iterator[tuple[int, Iterator[Event]]]:
        """For each step: when it ends, and its events in about the order of time."""
        done = 0
        for step, due in zip(self.steps, self.due, strict=True):
            yield step + STEP_S, self.happen(step, due - done)
            done = due

    def happen(self, step: int, count: int) -> Iterator[Event]:
        """`count` events in the five minutes from `step`."""
        random = self.org.random
        times = sorted(step + int(random.random() * STEP_S) for _ in range(count))
        makers = random.choices(self.makers, cum_weights=self.weights, k=count)
        made = 0
        for time, maker in zip(times, makers, strict=True):
            if made == count:
                return
            events = maker(max(time, self.start + 10))
            if len(events) > count - made:
                events = self.filler(time)
            made += len(events)
            yield from events


def bound(org: Organization, call: Callable[[Organization, int], tuple[Event, ...]]) -> Maker:
    """`call` with its organisation."""
    return lambda time: call(org, time)
