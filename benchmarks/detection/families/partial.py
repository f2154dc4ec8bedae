"""Part of the calls fails: ramps, brown-outs, blips, flapping."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.answers import (
    F500,
    HTML_502,
    MIXTURE,
    RESEND,
    RESET,
    SLOW_SUCCESS,
    TIMEOUT,
    Answer,
)
from benchmarks.detection.families.staging import LEAD_S, family, orders, played
from benchmarks.detection.streams import Down, Run
from benchmarks.detection.traffic import HOUR_S, SCOPE, Flow, batches
from benchmarks.detection.world import Spell


def spoilt(
    variant: str, draw: random.Random, spells: list[Spell], *, rate: float
) -> Run:
    """Return a run in which calls fail, but never all of them for long."""
    until_s = max(spell.end_s for spell in spells) + 900.0
    return played(
        variant,
        draw,
        flows=orders(rate, draw, until_s=until_s),
        until_s=until_s,
        rate=rate,
        spells=spells,
    )


def brown_out(
    draw: random.Random, share: float, *, rate: float, lasts_s: float = HOUR_S
) -> Run:
    """Return a run with such a share of failures for an hour."""
    spell = Spell(begin_s=LEAD_S, end_s=LEAD_S + lasts_s, answers=MIXTURE, share=share)
    return spoilt(f"{rate} a second", draw, [spell], rate=rate)


@family
def brown_out_20(draw: random.Random) -> Iterator[Run]:
    yield brown_out(draw, 0.2, rate=1.0)


@family
def brown_out_50(draw: random.Random) -> Iterator[Run]:
    yield brown_out(draw, 0.5, rate=1.0)
    yield brown_out(draw, 0.5, rate=0.05)


@family
def brown_out_80(draw: random.Random) -> Iterator[Run]:
    yield brown_out(draw, 0.8, rate=2.0)
    yield brown_out(draw, 0.8, rate=0.2)


@family
def brown_out_95(draw: random.Random) -> Iterator[Run]:
    yield brown_out(draw, 0.95, rate=5.0, lasts_s=1_800.0)
    yield brown_out(draw, 0.95, rate=1.0)


def blips(draw: random.Random, *answers: Answer, rate: float) -> Run:
    """Return a run with total failures of 5 to 90 s, well apart."""
    at_s, spells = LEAD_S, []
    for lasts_s in (5, 10, 20, 30, 45, 60, 75, 90):
        spells.append(Spell(begin_s=at_s, end_s=at_s + lasts_s, answers=answers))
        at_s += lasts_s + draw.uniform(240.0, 420.0)
    return spoilt(f"{rate} a second", draw, spells, rate=rate)


@family
def blips_of_f500(draw: random.Random) -> Iterator[Run]:
    yield blips(draw, F500, rate=2.0)
    yield blips(draw, F500, rate=0.1)


@family
def blips_of_silence(draw: random.Random) -> Iterator[Run]:
    yield blips(draw, TIMEOUT, RESET, rate=5.0)
    yield blips(draw, TIMEOUT, rate=0.05)


@family
def blips_that_meet_batches(draw: random.Random) -> Iterator[Run]:
    """A job sends twelve orders every ten minutes, and twice in a row just then."""
    until_s = 9_000.0
    spells = [
        Spell(begin_s=at_s - 5.0, end_s=at_s + 40.0, answers=(F500,))
        for at_s in (3_000.0, 3_600.0)
    ]
    yield played(
        "",
        draw,
        flows=[Flow(arrivals=batches(12, 600.0, end_s=until_s))],
        until_s=until_s,
        rate=12 / 600,
        spells=spells,
    )


def ramp(variant: str, draw: random.Random, *, rate: float, climbs_s: float) -> Run:
    """Return a run whose failures climb to all of the calls, and stay there."""
    begin_s = LEAD_S
    full_s = begin_s + climbs_s
    end_s = full_s + 1_500.0
    until_s = end_s + 1_200.0
    climbing = Spell(
        begin_s=begin_s, end_s=full_s, answers=MIXTURE, share=0.0, last_share=1.0
    )
    return played(
        variant,
        draw,
        flows=orders(rate, draw, until_s=until_s),
        until_s=until_s,
        rate=rate,
        spells=[climbing, Spell(begin_s=full_s, end_s=end_s, answers=MIXTURE)],
        downs=[Down(scope=SCOPE, begin_s=begin_s, settled_s=full_s + 12, end_s=end_s)],
    )


@family
def ramp_in_two_minutes(draw: random.Random) -> Iterator[Run]:
    yield ramp("", draw, rate=1.0, climbs_s=120.0)


@family
def ramp_in_twenty_minutes(draw: random.Random) -> Iterator[Run]:
    yield ramp("", draw, rate=0.5, climbs_s=1_200.0)


@family
def ramp_up_and_down_again(draw: random.Random) -> Iterator[Run]:
    """Failures climb to nine in ten and fall again: never all."""
    peak_s = LEAD_S + 900.0
    up = Spell(begin_s=LEAD_S, end_s=peak_s, answers=MIXTURE, share=0.0, last_share=0.9)
    down = Spell(
        begin_s=peak_s, end_s=peak_s + 900, answers=MIXTURE, share=0.9, last_share=0.0
    )
    yield spoilt("", draw, [up, down], rate=1.0)


def flapping(
    variant: str,
    draw: random.Random,
    *,
    down_s: float,
    up_s: float,
    times: int,
    rate: float = 1.0,
    is_page: bool,
) -> Run:
    """Return a run that goes down and comes back so many times."""
    spells = [
        Spell(begin_s=at_s, end_s=at_s + down_s, answers=(F500, HTML_502, RESEND))
        for at_s in (LEAD_S + number * (down_s + up_s) for number in range(times))
    ]
    end_s = spells[-1].end_s
    until_s = end_s + 1_500.0
    down = Down(scope=SCOPE, begin_s=LEAD_S, lull_s=LEAD_S + down_s, end_s=end_s)
    return played(
        variant,
        draw,
        flows=orders(rate, draw, until_s=until_s),
        until_s=until_s,
        rate=rate,
        spells=spells,
        downs=[down] if is_page else [],
    )


@family
def flapping_fast(draw: random.Random) -> Iterator[Run]:
    yield flapping(
        "60 s down, 30 s up", draw, down_s=60, up_s=30, times=30, is_page=False
    )
    yield flapping(
        "100 s down, 20 s up", draw, down_s=100, up_s=20, times=25, is_page=False
    )


@family
def flapping_slowly(draw: random.Random) -> Iterator[Run]:
    """Each time down long enough, each time up too short: one page."""
    yield flapping(
        "5 min down, 1 min up", draw, down_s=300, up_s=60, times=8, is_page=True
    )
    yield flapping(
        "10 min down, 20 s up", draw, down_s=600, up_s=20, times=5, is_page=True
    )


@family
def slow_but_alive(draw: random.Random) -> Iterator[Run]:
    """Two in three time out at 6 s, the third just makes it."""
    answers = (TIMEOUT, TIMEOUT, SLOW_SUCCESS)
    spell = Spell(begin_s=LEAD_S, end_s=LEAD_S + 2_400.0, answers=answers)
    yield spoilt("", draw, [spell], rate=1.0)
