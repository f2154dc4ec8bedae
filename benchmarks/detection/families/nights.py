"""Little traffic or none, and traffic that comes in heaps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.detection.answers import F500, MIXTURE, RESET, TIMEOUT, Answer
from benchmarks.detection.families.staging import Scene, family, ordinary
from benchmarks.detection.streams import Down
from benchmarks.detection.traffic import DAY_S, HOUR_S, SCOPE, Flow, batches, diurnal
from benchmarks.detection.world import Spell


def night(*answers: Answer, every_s: float, variant: str = "") -> Scene:
    """Return a scene with an outage long enough for thirty orders."""
    begin_s = 20 * every_s
    end_s = begin_s + 30 * every_s
    return Scene(
        variant=variant,
        until_s=end_s + 20 * every_s,
        rate=1 / every_s,
        spells=[Spell(begin_s=begin_s, end_s=end_s, answers=answers)],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
    )


@family
def outage_at_one_in_twenty_minutes(draw: random.Random) -> Iterator[Scene]:
    yield night(F500, every_s=1_200.0, variant="F500")
    yield night(TIMEOUT, every_s=1_200.0, variant="timeouts")


@family
def outage_at_one_in_ten_minutes(draw: random.Random) -> Iterator[Scene]:
    yield night(TIMEOUT, RESET, every_s=600.0)


@family
def outage_at_one_in_five_minutes(draw: random.Random) -> Iterator[Scene]:
    """With noise of 10 %: the run may begin before the outage does."""
    yield replace(night(*MIXTURE, every_s=300.0), noise=0.1)


@family
def outage_at_one_a_minute(draw: random.Random) -> Iterator[Scene]:
    yield night(*MIXTURE, every_s=60.0)


@family
def outage_at_three_a_minute(draw: random.Random) -> Iterator[Scene]:
    yield night(*MIXTURE, every_s=20.0)


@family
def outage_by_day_and_night(draw: random.Random) -> Iterator[Scene]:
    """An outage in the evening and one before dawn, traffic as of people."""
    until_s = 2 * DAY_S
    spells = [
        Spell(begin_s=at_s, end_s=at_s + 3 * HOUR_S, answers=MIXTURE)
        for at_s in (12 * HOUR_S, 26 * HOUR_S)
    ]
    yield Scene(
        flows=[Flow(arrivals=diurnal(0.1, draw, end_s=until_s), retries=1)],
        until_s=until_s,
        rate=0.05,
        spells=spells,
        downs=[
            Down(scope=SCOPE, begin_s=each.begin_s, end_s=each.end_s) for each in spells
        ],
    )


@family
def outage_for_a_batch_job(draw: random.Random) -> Iterator[Scene]:
    """Twelve orders every ten minutes, and nothing in between."""
    begin_s, end_s = 5_990.0, 12_000.0
    until_s = end_s + 4_000.0
    yield Scene(
        flows=[Flow(arrivals=batches(12, 600.0, end_s=until_s))],
        until_s=until_s,
        rate=12 / 600,
        spells=[Spell(begin_s=begin_s, end_s=end_s, answers=(F500,))],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
    )


@family
def outage_in_the_morning(draw: random.Random) -> Iterator[Scene]:
    """Nobody has called for eight hours, and then every call fails."""
    begin_s, end_s = 9 * HOUR_S, 10 * HOUR_S
    flows = [
        ordinary(0.2, draw, end_s=HOUR_S),
        ordinary(0.2, draw, begin_s=begin_s + 60.0, end_s=end_s + HOUR_S),
    ]
    yield Scene(
        flows=flows,
        until_s=end_s + HOUR_S,
        rate=0.2,
        spells=[Spell(begin_s=begin_s, end_s=end_s, answers=(TIMEOUT,))],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
    )


@family
def quiet_night(draw: random.Random) -> Iterator[Scene]:
    """One call in 20 min for three nights, with noise of 5 %."""
    yield Scene(until_s=72 * HOUR_S, rate=1 / 1_200, noise=0.05)


@family
def quiet_night_and_a_probe_that_is_ignored(draw: random.Random) -> Iterator[Scene]:
    """Amazon never answers the probe, for it is not the only one who asks."""
    ignored = Spell(begin_s=0.0, end_s=1e9, answers=(TIMEOUT,), real=False)
    yield Scene(until_s=48 * HOUR_S, rate=1 / 1_200, spells=[ignored], noise=5e-3)
    yield Scene(
        variant="1 a minute", until_s=12 * HOUR_S, rate=1 / 60, spells=[ignored]
    )


@family
def nobody_calls_during_the_outage(draw: random.Random) -> Iterator[Scene]:
    """Down from one call to the next: nobody can know, nobody is told."""
    until_s = 6 * HOUR_S
    flows = [
        ordinary(0.5, draw, end_s=HOUR_S),
        ordinary(0.5, draw, begin_s=5 * HOUR_S, end_s=until_s),
    ]
    down = Spell(begin_s=HOUR_S + 10, end_s=5 * HOUR_S - 1, answers=(F500,))
    yield Scene(flows=flows, until_s=until_s, rate=0.5, spells=[down])
