"""The partner's traffic: when orders come, what is asked, how often it is retried.

Pure apart from the generator of random numbers that is handed in.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks.detection.answers import FOREVER, NOISE
from benchmarks.detection.streams import HOME, Sent
from benchmarks.detection.world import Asked, Spell, World

DAY_S = 86_400.0
HOUR_S = 3_600.0
SCOPE = "Acmes/eu"
CREATE = "CreateGiftCard"
ORDERS: tuple[tuple[str, float], ...] = (
    (CREATE, 0.86),
    ("CancelGiftCard", 0.06),
    ("GetAvailableFunds", 0.05),
    ("GetGiftCardActivityPage", 0.03),
)
"""What an ordinary partner asks for, and how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Orders of one kind from one machine.

    Attributes:
        arrivals: When orders come.
        scope: Account and endpoint.
        source: The machine.
        operations: What is asked for, with weights.
        order: Beginning of the order ids.
        same_order: Every call is for one and the same order.
        retries: How often a failed order is sent again.
        backoff_s: Pause before the first retry; it doubles.
        late_s: Frames take up to this long to arrive.
    """

    arrivals: Iterable[float]
    scope: str = SCOPE
    source: str = HOME
    operations: tuple[tuple[str, float], ...] = ORDERS
    order: str = "Acmes"
    same_order: bool = False
    retries: int = 0
    backoff_s: float = 2.0
    late_s: float = 0.05


def steady(
    rate: float, draw: random.Random, *, begin_s: float = 0.0, end_s: float
) -> Iterator[float]:
    """Yield order times, a little uneven, `rate` a second."""
    at_s = begin_s + draw.random() / rate
    while at_s < end_s:
        yield at_s
        at_s += (0.5 + draw.random()) / rate


def poisson(
    rate: float, draw: random.Random, *, begin_s: float = 0.0, end_s: float
) -> Iterator[float]:
    """Yield order times of customers who know nothing of each other."""
    at_s = begin_s + draw.expovariate(rate)
    while at_s < end_s:
        yield at_s
        at_s += draw.expovariate(rate)


def diurnal(
    peak_rate: float, draw: random.Random, *, begin_s: float = 0.0, end_s: float
) -> Iterator[float]:
    """Yield order times with a busy evening and a night of a twentieth of it."""
    for at_s in poisson(peak_rate, draw, begin_s=begin_s, end_s=end_s):
        day = 0.5 - 0.5 * math.cos(2 * math.pi * (at_s / DAY_S))
        if draw.random() < 0.05 + 0.95 * day:
            yield at_s


def batches(
    size: int, every_s: float, *, begin_s: float = 0.0, end_s: float, gap_s: float = 0.2
) -> Iterator[float]:
    """Yield order times of a job that sends `size` orders every so often."""
    at_s = begin_s
    while at_s < end_s:
        for number in range(size):
            yield at_s + number * gap_s
        at_s += every_s


def bursts(
    draw: random.Random, *, every_s: float, end_s: float, share: float = 0.7
) -> list[Spell]:
    """Return short times of many failures: noise does not come evenly."""
    spells = []
    at_s = draw.expovariate(1 / every_s)
    while at_s < end_s:
        lasts_s = min(draw.expovariate(1 / 6.0), 30.0)
        spells.append(
            Spell(begin_s=at_s, end_s=at_s + lasts_s, answers=NOISE, share=share)
        )
        at_s += lasts_s + draw.expovariate(1 / every_s)
    return spells


def calls_of(flows: Iterable[Flow], world: World, draw: random.Random) -> list[Sent]:
    """Return every call that the flows make in that world, by their end."""
    calls: list[Sent] = []
    for number, flow in enumerate(flows):
        calls += _calls(flow, world, draw, number=number)
    calls.sort(key=lambda call: (call.end_s, call.start_s))
    return calls


def _calls(
    flow: Flow, world: World, draw: random.Random, *, number: int
) -> Iterator[Sent]:
    """Yield the calls of one flow: new orders, and retries between them."""
    names = [name for name, _ in flow.operations]
    weights = [weight for _, weight in flow.operations]
    again: list[tuple[float, str, str, int]] = []
    for count, at_s in enumerate(flow.arrivals):
        while again and again[0][0] <= at_s:
            yield _sent(flow, world, draw, again=again, due=heapq.heappop(again))
        order = f"{flow.order}{number}{0 if flow.same_order else count:06}"
        operation = names[0] if len(names) == 1 else draw.choices(names, weights)[0]
        due = (at_s, order, operation, flow.retries)
        yield _sent(flow, world, draw, again=again, due=due)
    while again:
        yield _sent(flow, world, draw, again=again, due=heapq.heappop(again))


def _sent(
    flow: Flow,
    world: World,
    draw: random.Random,
    *,
    again: list[tuple[float, str, str, int]],
    due: tuple[float, str, str, int],
) -> Sent:
    """Return one attempt at an order, and have it sent again if it fails."""
    at_s, order, operation, left = due
    answer = world.answer(at_s, Asked(flow.scope, operation, flow.source, order), draw)
    after_s = answer.after_s
    if not answer.exact:
        after_s *= 0.5 + draw.random()
    call = Sent(
        at_s,
        at_s + after_s,
        flow.scope,
        operation,
        order,
        answer.outcome,
        answer.marked,
        flow.source,
        flow.late_s * draw.random(),
        answer.trouble,
    )
    if left and call.failed_at_s is not None and call.end_s != FOREVER:
        pause_s = flow.backoff_s * 2 ** (flow.retries - left)
        heapq.heappush(again, (call.end_s + pause_s, order, operation, left - 1))
    return call
