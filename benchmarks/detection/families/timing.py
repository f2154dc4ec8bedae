"""Clocks that jump, frames that come late or out of order."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.answers import F500
from benchmarks.detection.families.staging import LEAD_S, family, orders, played
from benchmarks.detection.streams import Down, Run
from benchmarks.detection.traffic import SCOPE, Flow, steady
from benchmarks.detection.world import Spell


@family
def wall_clock_jumps(draw: random.Random) -> Iterator[Run]:
    end_s = LEAD_S + 1_200.0
    until_s = end_s + 1_200.0
    yield played(
        "in an outage",
        draw,
        flows=orders(0.5, draw, until_s=until_s),
        until_s=until_s,
        rate=0.5,
        spells=[Spell(begin_s=LEAD_S, end_s=end_s, answers=(F500,))],
        downs=[Down(scope=SCOPE, begin_s=LEAD_S, end_s=end_s)],
        wall_steps=((LEAD_S + 30, 3_600.0), (LEAD_S + 90, -7_200.0)),
    )
    yield played(
        "on a healthy day",
        draw,
        flows=orders(0.5, draw, until_s=7_200.0),
        until_s=7_200.0,
        rate=0.5,
        noise=0.05,
        wall_steps=((1_000.0, 3_600.0), (2_000.0, -86_400.0)),
    )


@family
def late_frames(draw: random.Random) -> Iterator[Run]:
    """Successes of other machines arrive up to 28 s late, failures at once."""
    until_s = 7_200.0
    flows = [
        Flow(arrivals=steady(0.1, draw, end_s=until_s)),
        Flow(
            arrivals=steady(1 / 60, draw, end_s=until_s), source="shop-2", late_s=28.0
        ),
    ]
    yield played(
        "",
        draw,
        flows=flows,
        until_s=until_s,
        rate=0.1,
        spells=[
            Spell(begin_s=LEAD_S, end_s=6_000.0, answers=(F500,), sources=("shop-1",))
        ],
    )
