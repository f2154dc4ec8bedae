"""Part of the calls fails: ramps, brown-outs, blips, flapping."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.detection.answers import (
    EMPTY_503,
    F500,
    HTML_502,
    MIXTURE,
    RESEND,
    RESET,
    SLOW_SUCCESS,
    SLOWEST_SUCCESS,
    TIMEOUT,
    VERY_SLOW_SUCCESS,
    Answer,
)
from benchmarks.detection.families.staging import (
    AFTER_S,
    LEAD_S,
    Scene,
    family,
    mishap,
)
from benchmarks.detection.streams import Down
from benchmarks.detection.traffic import DAY_S, HOUR_S, SCOPE, Flow, batches, steady
from benchmarks.detection.world import Spell


def brown_out(share: float, *, rate: float, lasts_s: float = HOUR_S) -> Scene:
    """Return a scene with such a share of failures."""
    spell = Spell(begin_s=LEAD_S, end_s=LEAD_S + lasts_s, answers=MIXTURE, share=share)
    return mishap(spell, rate=rate, variant=f"{rate} a second")


@family
def brown_out_20(draw: random.Random) -> Iterator[Scene]:
    yield brown_out(0.2, rate=1.0)


@family
def brown_out_50(draw: random.Random) -> Iterator[Scene]:
    yield brown_out(0.5, rate=1.0)
    yield brown_out(0.5, rate=0.05)


@family
def brown_out_80(draw: random.Random) -> Iterator[Scene]:
    yield brown_out(0.8, rate=2.0)
    yield brown_out(0.8, rate=0.2)


@family
def brown_out_95(draw: random.Random) -> Iterator[Scene]:
    yield brown_out(0.95, rate=5.0, lasts_s=1_800.0)
    yield brown_out(0.95, rate=1.0)


def blips(*answers: Answer, rate: float, draw: random.Random) -> Scene:
    """Return a scene with total failures of 5 to 90 s, minutes apart."""
    at_s, spells = LEAD_S, []
    for lasts_s in (5, 10, 20, 30, 45, 60, 75, 90):
        spells.append(Spell(begin_s=at_s, end_s=at_s + lasts_s, answers=answers))
        at_s += lasts_s + draw.uniform(240.0, 420.0)
    return mishap(*spells, rate=rate, variant=f"{rate} a second")


@family
def blips_of_f500(draw: random.Random) -> Iterator[Scene]:
    yield blips(F500, rate=2.0, draw=draw)
    yield blips(F500, rate=0.1, draw=draw)


@family
def blips_of_silence(draw: random.Random) -> Iterator[Scene]:
    yield blips(TIMEOUT, RESET, rate=3.0, draw=draw)
    yield blips(TIMEOUT, rate=0.05, draw=draw)


@family
def blip_of_two_and_a_half_minutes(draw: random.Random) -> Iterator[Scene]:
    spell = Spell(begin_s=LEAD_S, end_s=LEAD_S + 150.0, answers=MIXTURE)
    yield mishap(spell, rate=1.0)


@family
def blips_that_meet_batches(draw: random.Random) -> Iterator[Scene]:
    """A job sends twelve orders every ten minutes, and twice in a row just then."""
    until_s = 9_000.0
    spells = [
        Spell(begin_s=at_s - 5.0, end_s=at_s + 40.0, answers=(F500,))
        for at_s in (3_000.0, 3_600.0)
    ]
    yield Scene(
        flows=[Flow(arrivals=batches(12, 600.0, end_s=until_s))],
        until_s=until_s,
        rate=12 / 600,
        spells=spells,
    )


@family
def blip_then_nobody_calls(draw: random.Random) -> Iterator[Scene]:
    """Thirty orders fail within half a minute, then all go home for the night."""
    until_s = LEAD_S + 8 * HOUR_S
    flows = [
        Flow(arrivals=steady(1.0, draw, end_s=LEAD_S + 30.0)),
        Flow(arrivals=steady(1.0, draw, begin_s=until_s - 600.0, end_s=until_s)),
    ]
    blip = Spell(begin_s=LEAD_S, end_s=LEAD_S + 35.0, answers=(F500, TIMEOUT))
    yield Scene(flows=flows, until_s=until_s, rate=1.0, spells=[blip])


def ramp(*, rate: float, climbs_s: float) -> Scene:
    """Return a scene whose failures climb to all of the calls, and stay there."""
    full_s = LEAD_S + climbs_s
    end_s = full_s + 1_500.0
    climbing = Spell(
        begin_s=LEAD_S, end_s=full_s, answers=MIXTURE, share=0.0, last_share=1.0
    )
    down = Down(scope=SCOPE, begin_s=LEAD_S, settled_s=full_s, end_s=end_s)
    return Scene(
        until_s=end_s + AFTER_S,
        rate=rate,
        spells=[climbing, Spell(begin_s=full_s, end_s=end_s, answers=MIXTURE)],
        downs=[down],
    )


@family
def ramp_in_two_minutes(draw: random.Random) -> Iterator[Scene]:
    yield ramp(rate=1.0, climbs_s=120.0)


@family
def ramp_in_twenty_minutes(draw: random.Random) -> Iterator[Scene]:
    yield ramp(rate=0.5, climbs_s=1_200.0)


@family
def ramp_up_and_down_again(draw: random.Random) -> Iterator[Scene]:
    """Failures climb to nine in ten and fall again: never all."""
    peak_s = LEAD_S + 900.0
    up = Spell(begin_s=LEAD_S, end_s=peak_s, answers=MIXTURE, share=0.0, last_share=0.9)
    down = Spell(
        begin_s=peak_s, end_s=peak_s + 900, answers=MIXTURE, share=0.9, last_share=0.0
    )
    yield mishap(up, down, rate=1.0)


def flapping(down_s: float, up_s: float, *, times: int) -> Scene:
    """Return a scene that goes down and comes back so many times; no outage."""
    spells = [
        Spell(begin_s=at_s, end_s=at_s + down_s, answers=(F500, HTML_502, RESEND))
        for at_s in (LEAD_S + number * (down_s + up_s) for number in range(times))
    ]
    variant = f"{down_s:.0f} s down, {up_s:.0f} s up"
    scene = mishap(*spells, rate=1.0, variant=variant)
    return replace(scene, until_s=spells[-1].end_s + AFTER_S)


@family
def flapping_fast(draw: random.Random) -> Iterator[Scene]:
    yield flapping(60.0, 30.0, times=30)
    yield flapping(100.0, 20.0, times=25)


@family
def flapping_slowly(draw: random.Random) -> Iterator[Scene]:
    """Each time down long enough, each time up too short: one page."""
    for down_s, up_s, times in ((300.0, 60.0, 8), (600.0, 20.0, 5), (240.0, 240.0, 6)):
        scene = flapping(down_s, up_s, times=times)
        end_s = scene.until_s - AFTER_S
        down = Down(scope=SCOPE, begin_s=LEAD_S, lull_s=LEAD_S + down_s, end_s=end_s)
        yield replace(scene, downs=[down])


@family
def outages_ten_minutes_apart(draw: random.Random) -> Iterator[Scene]:
    """Up long enough each time to be over: a page for each."""
    scene = flapping(600.0, 600.0, times=4)
    downs = [
        Down(scope=SCOPE, begin_s=spell.begin_s, end_s=spell.end_s)
        for spell in scene.spells
    ]
    yield replace(scene, downs=downs)


@family
def blip_of_every_night(draw: random.Random) -> Iterator[Scene]:
    """Two and a half minutes of maintenance, five nights in a row."""
    spells = [
        Spell(begin_s=at_s, end_s=at_s + 150.0, answers=(EMPTY_503, RESET))
        for at_s in (3 * HOUR_S + DAY_S * number for number in range(5))
    ]
    yield mishap(*spells, rate=1 / 60)


@family
def slow_but_alive(draw: random.Random) -> Iterator[Scene]:
    """Two in three time out at 6 s, the third just makes it."""
    answers = (TIMEOUT, TIMEOUT, SLOW_SUCCESS)
    spell = Spell(begin_s=LEAD_S, end_s=LEAD_S + 2_400.0, answers=answers)
    yield mishap(spell, rate=1.0)


@family
def slow_beyond_patience(draw: random.Random) -> Iterator[Scene]:
    """Every call succeeds, some after more than a minute or two."""
    for answer in (SLOWEST_SUCCESS, VERY_SLOW_SUCCESS):
        spell = Spell(begin_s=LEAD_S, end_s=LEAD_S + 2_400.0, answers=(answer,))
        yield mishap(spell, rate=1.0, variant=f"{answer.after_s:.0f} s")
