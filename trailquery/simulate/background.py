"""The ordinary life of the organisation: who calls how often, and when."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate

from trailquery.simulate.deploys import Deploys
from trailquery.simulate.machines import Machines
from trailquery.simulate.organization import Organization
from trailquery.simulate.people import People
from trailquery.simulate.record import DAY_S, Event
from trailquery.simulate.scanner import Scanner
from trailquery.simulate.services import SERVICE_CALLS, data_key_made
from trailquery.simulate.terraform import Terraform
from trailquery.simulate.upkeep import CRON_S, Cron, Scaling

STEP_S = 300
# Of a day's calls, how many fall into each hour (UTC).
DAY_CURVE = (4, 4, 4, 4, 4, 5, 6, 8, 10, 11, 11, 10, 10, 11, 11, 10, 9, 8, 7, 6, 5, 5, 4, 4)

Maker = Callable[[int], Sequence[Event]]


class Background:
    """Makes exactly `events` records between `start` and `end` (seconds UTC), in steps of five minutes."""

    def __init__(self, org: Organization, events: int, start: int, end: int) -> None:
        self.org, self.left, self.start, self.end = org, events, start, end
        people, machines, self.cron = People(org), Machines(org), Cron(org)
        # Who calls, how many per cent of the records that is, and how many of them each time, on average.
        makers: list[tuple[Maker, float, float]] = [(partial(call, org), share, 1) for call, share in SERVICE_CALLS]
        makers += [
            (machines.instance_called, 5, 1),
            (machines.function_called, 4, 1),
            (machines.ci_called, 2, 1),
            (Scaling(org).run, 1, 2.5),
            (Terraform(org, machines.terraform_session).run, 3, 26),
            (Scanner(org).run, 2, 79),
            (Deploys(org).run, 1.5, 11.5),
            (people.console_used, 5, 9.5),
            (people.laptop_used, 1.5, 1),
            (people.login_refused, 0.04, 1),
        ]
        self.makers = [maker for maker, _, _ in makers]
        self.weights = list(accumulate(share / events for _, share, events in makers))
        self.events_a_draw = sum(share for _, share, _ in makers) / self.weights[-1]
        self.filler = partial(data_key_made, org)

    def batches(self) -> Iterator[tuple[int, Iterator[Event]]]:
        """For each step: when it ends, and its events in about the order of time; a burst may reach into the next."""
        curve = [DAY_CURVE[step % DAY_S // 3600] for step in range(self.start, self.end, STEP_S)]
        to_come = sum(curve)
        for step, share in zip(range(self.start, self.end, STEP_S), curve, strict=True):
            yield step + STEP_S, self.happen(step, self.left * share // to_come)
            to_come -= share

    def happen(self, step: int, count: int) -> Iterator[Event]:
        """About `count` events in the five minutes from `step`; in the last five, all that are left."""
        random = self.org.random
        draws = int(count / self.events_a_draw + random.random())
        times = sorted(step + int(random.random() * STEP_S) for _ in range(draws))
        makers = random.choices(self.makers, cum_weights=self.weights, k=draws)
        if count and (step - self.start) % CRON_S == 0:
            self.left -= 1
            yield self.cron.run(step + 4)
        for time, maker in zip(times, makers, strict=True):
            events = maker(max(time, self.start + 10))
            if len(events) > self.left or events[-1].time >= self.end:
                continue
            self.left -= len(events)
            yield from events
        if step + STEP_S >= self.end:
            for time in sorted(step + int(random.random() * STEP_S) for _ in range(self.left)):
                yield from self.filler(time)
