"""Little traffic or none."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.answers import F500, MIXTURE, RESET, TIMEOUT, Answer
from benchmarks.detection.families.staging import family, orders, played
from benchmarks.detection.streams import Down, Run
from benchmarks.detection.traffic import HOUR_S, SCOPE, Flow, steady
from benchmarks.detection.world import Spell


def night(variant: str, draw: random.Random, *answers: Answer, every_s: float) -> Run:
    """Return a run with an outage long enough for thirty orders."""
    begin_s = 20 * every_s
    end_s = begin_s + 30 * every_s
    until_s = end_s + 20 * every_s
    return played(
        variant,
        draw,
        flows=orders(1 / every_s, draw, until_s=until_s),
        until_s=until_s,
        rate=1 / every_s,
        spells=[Spell(begin_s=begin_s, end_s=end_s, answers=answers)],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
    )


@family
def outage_in_a_quiet_night(draw: random.Random) -> Iterator[Run]:
    yield night("1 call in 20 min", draw, F500, every_s=1_200.0)


@family
def outage_at_three_an_hour_in_silence(draw: random.Random) -> Iterator[Run]:
    yield night("1 call in 10 min", draw, TIMEOUT, RESET, every_s=600.0)


@family
def outage_at_one_a_minute(draw: random.Random) -> Iterator[Run]:
    yield night("", draw, *MIXTURE, every_s=60.0)


@family
def quiet_night(draw: random.Random) -> Iterator[Run]:
    """One call in 20 min for three nights, with noise of 5 %."""
    until_s = 72 * HOUR_S
    yield played(
        "",
        draw,
        flows=orders(1 / 1_200.0, draw, until_s=until_s),
        until_s=until_s,
        rate=1 / 1_200.0,
        noise=0.05,
    )


@family
def nobody_calls_during_the_outage(draw: random.Random) -> Iterator[Run]:
    """Down from one call to the next: nobody can know, nobody is told."""
    until_s = 6 * HOUR_S
    flows = [
        Flow(arrivals=steady(0.5, draw, end_s=HOUR_S)),
        Flow(arrivals=steady(0.5, draw, begin_s=5 * HOUR_S, end_s=until_s)),
    ]
    yield played(
        "",
        draw,
        flows=flows,
        until_s=until_s,
        rate=0.5,
        spells=[Spell(begin_s=HOUR_S + 10, end_s=5 * HOUR_S - 1, answers=(F500,))],
    )
