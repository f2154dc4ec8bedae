"""Clocks that jump, frames that come late or out of order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.detection.answers import F500, MIXTURE, TIMEOUT
from benchmarks.detection.families.staging import (
    LEAD_S,
    Scene,
    family,
    mishap,
    ordinary,
    outage,
)
from benchmarks.detection.traffic import Flow, steady
from benchmarks.detection.world import Spell


@family
def wall_clock_jumps(draw: random.Random) -> Iterator[Scene]:
    steps = ((LEAD_S + 30.0, 3_600.0), (LEAD_S + 90.0, -7_200.0))
    yield replace(outage(F500, variant="in an outage"), wall_steps=steps)
    yield Scene(
        variant="on a healthy day",
        until_s=7_200.0,
        rate=0.5,
        noise=0.05,
        wall_steps=((1_000.0, 3_600.0), (2_000.0, -86_400.0)),
    )


@family
def clocks_apart(draw: random.Random) -> Iterator[Scene]:
    """One machine's clock is 40 s ahead, another's 40 s behind."""
    ahead = {"shop-2": 40.0, "shop-3": -40.0}
    sick = outage(F500, TIMEOUT, variant="outage")
    (down,) = sick.downs
    spells = [
        Spell(begin_s=at_s, end_s=at_s + 90.0, answers=(F500,))
        for at_s in (1_200.0, 1_500.0, 1_800.0)
    ]
    blips = mishap(*spells, variant="blips")
    for scene in (
        replace(sick, downs=[replace(down, is_beginning_known=False)]),
        blips,
    ):
        flows = [
            Flow(arrivals=steady(0.2, draw, end_s=scene.until_s), source=source)
            for source in ("shop-1", *ahead)
        ]
        yield replace(scene, flows=flows, ahead=ahead)


@family
def frames_later_than_anybody_waits(draw: random.Random) -> Iterator[Scene]:
    """Those of three machines in four take up to two minutes."""
    scene = outage(*MIXTURE)
    (down,) = scene.downs
    flows = [
        Flow(
            arrivals=steady(0.2, draw, end_s=scene.until_s),
            source=f"shop-{number}",
            late_s=0.05 if number == 1 else 120.0,
        )
        for number in range(1, 5)
    ]
    yield replace(scene, flows=flows, downs=[replace(down, is_beginning_known=False)])


@family
def successes_that_come_late(draw: random.Random) -> Iterator[Scene]:
    """One machine's failures are seen at once, the other's successes 28 s later."""
    spell = Spell(begin_s=LEAD_S, end_s=6_000.0, answers=(F500,), sources=("shop-1",))
    scene = mishap(spell, rate=0.1)
    late = steady(1 / 60, draw, end_s=scene.until_s)
    flows = [
        ordinary(0.1, draw, end_s=scene.until_s),
        Flow(arrivals=late, source="shop-2", late_s=28.0),
    ]
    yield replace(scene, flows=flows)
