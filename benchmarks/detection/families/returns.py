"""What was before and what comes after: start, restart, relapse, recovery."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.detection.answers import F500, MIXTURE, NO_NAME, TIMEOUT
from benchmarks.detection.families.staging import AFTER_S, LEAD_S, Scene, family, outage
from benchmarks.detection.streams import Down
from benchmarks.detection.traffic import SCOPE
from benchmarks.detection.world import Spell


@family
def outage_at_process_start(draw: random.Random) -> Iterator[Scene]:
    """There has never been a success."""
    yield outage(F500, begin_s=0.0, variant="F500")
    yield outage(TIMEOUT, begin_s=0.0, variant="timeouts")


@family
def restart_mid_outage(draw: random.Random) -> Iterator[Scene]:
    restarts = tuple(LEAD_S + after_s for after_s in (60.0, 170.0, 200.0, 900.0))
    yield replace(outage(*MIXTURE), restarts=restarts)


@family
def relapse_within_minutes(draw: random.Random) -> Iterator[Scene]:
    """Three minutes of success do not end an outage: one page."""
    lull_s = LEAD_S + 900.0
    end_s = lull_s + 1_500.0
    yield Scene(
        until_s=end_s + AFTER_S,
        rate=1.0,
        spells=[
            Spell(begin_s=LEAD_S, end_s=lull_s, answers=(F500,)),
            Spell(begin_s=lull_s + 180.0, end_s=end_s, answers=(TIMEOUT,)),
        ],
        downs=[Down(scope=SCOPE, begin_s=LEAD_S, lull_s=lull_s, end_s=end_s)],
    )


@family
def relapse_after_an_hour(draw: random.Random) -> Iterator[Scene]:
    """Two outages: two pages."""
    spells = [
        Spell(begin_s=at_s, end_s=at_s + 900.0, answers=(F500,))
        for at_s in (LEAD_S, LEAD_S + 4_500.0)
    ]
    yield Scene(
        until_s=spells[-1].end_s + AFTER_S,
        rate=0.5,
        spells=spells,
        downs=[
            Down(scope=SCOPE, begin_s=each.begin_s, end_s=each.end_s) for each in spells
        ],
    )


@family
def recovery_in_fits_and_starts(draw: random.Random) -> Iterator[Scene]:
    """After half an hour down, twenty seconds up and twenty down for ten minutes."""
    lull_s = LEAD_S + 1_800.0
    fits = [
        Spell(begin_s=at_s, end_s=at_s + 20.0, answers=(F500,))
        for at_s in (lull_s + 20.0 + 40.0 * number for number in range(15))
    ]
    scene = outage(F500, rate=1.0, lasts_s=1_800.0)
    end_s = fits[-1].end_s
    down = Down(scope=SCOPE, begin_s=LEAD_S, lull_s=lull_s, end_s=end_s)
    yield replace(
        scene, until_s=end_s + AFTER_S, spells=[*scene.spells, *fits], downs=[down]
    )


@family
def recovery_as_a_brown_out(draw: random.Random) -> Iterator[Scene]:
    """After the outage half of the calls fail for twenty minutes: one page."""
    scene = outage(*MIXTURE, rate=1.0)
    begin_s = LEAD_S + 1_500.0
    brown = Spell(begin_s=begin_s, end_s=begin_s + 1_200, answers=MIXTURE, share=0.5)
    yield replace(scene, until_s=brown.end_s + AFTER_S, spells=[*scene.spells, brown])


@family
def our_cut_then_their_outage(draw: random.Random) -> Iterator[Scene]:
    """Our network is back after ten minutes, an hour later Amazon is gone."""
    cut = Spell(begin_s=600.0, end_s=1_200.0, answers=(NO_NAME,), closes_way=True)
    scene = outage(F500, TIMEOUT, begin_s=4_800.0)
    yield replace(scene, spells=[cut, *scene.spells])


@family
def blips_then_an_outage(draw: random.Random) -> Iterator[Scene]:
    """Four blips of 90 s, and the fifth does not end."""
    blips = [
        Spell(begin_s=at_s, end_s=at_s + 90.0, answers=MIXTURE)
        for at_s in (600.0, 900.0, 1_200.0, LEAD_S - 60.0 - 90.0)
    ]
    scene = outage(*MIXTURE, rate=1.0)
    yield replace(scene, spells=[*blips, *scene.spells])
