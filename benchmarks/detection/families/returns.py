"""Relapse, restart, and what is there before anything else."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.answers import F500, MIXTURE, TIMEOUT
from benchmarks.detection.families.staging import LEAD_S, family, orders, played
from benchmarks.detection.streams import Down, Run
from benchmarks.detection.traffic import SCOPE
from benchmarks.detection.world import Spell


@family
def outage_at_process_start(draw: random.Random) -> Iterator[Run]:
    """There has never been a success."""
    until_s = 2_700.0
    for variant, answer in (("f500", F500), ("timeouts", TIMEOUT)):
        yield played(
            variant,
            draw,
            flows=orders(0.5, draw, until_s=until_s),
            until_s=until_s,
            rate=0.5,
            spells=[Spell(begin_s=0.0, end_s=1_500.0, answers=(answer,))],
            downs=[Down(scope=SCOPE, begin_s=0.0, end_s=1_500.0)],
        )


@family
def restart_mid_outage(draw: random.Random) -> Iterator[Run]:
    end_s = LEAD_S + 1_500.0
    until_s = end_s + 1_200.0
    restarts = tuple(LEAD_S + after_s for after_s in (60.0, 170.0, 200.0, 900.0))
    yield played(
        "",
        draw,
        flows=orders(0.5, draw, until_s=until_s),
        until_s=until_s,
        rate=0.5,
        spells=[Spell(begin_s=LEAD_S, end_s=end_s, answers=MIXTURE)],
        downs=[Down(scope=SCOPE, begin_s=LEAD_S, end_s=end_s)],
        restarts=restarts,
    )


@family
def relapse_within_minutes(draw: random.Random) -> Iterator[Run]:
    """Three minutes of success do not end an outage: one page."""
    begin_s, lull_s = LEAD_S, LEAD_S + 900.0
    again_s, end_s = lull_s + 180.0, lull_s + 1_500.0
    until_s = end_s + 1_200.0
    yield played(
        "",
        draw,
        flows=orders(1.0, draw, until_s=until_s),
        until_s=until_s,
        rate=1.0,
        spells=[
            Spell(begin_s=begin_s, end_s=lull_s, answers=(F500,)),
            Spell(begin_s=again_s, end_s=end_s, answers=(TIMEOUT,)),
        ],
        downs=[Down(scope=SCOPE, begin_s=begin_s, lull_s=lull_s, end_s=end_s)],
    )


@family
def relapse_after_an_hour(draw: random.Random) -> Iterator[Run]:
    """Two outages: two pages."""
    spells = [
        Spell(begin_s=at_s, end_s=at_s + 900.0, answers=(F500,))
        for at_s in (LEAD_S, LEAD_S + 4_500.0)
    ]
    until_s = spells[-1].end_s + 1_200.0
    yield played(
        "",
        draw,
        flows=orders(0.5, draw, until_s=until_s),
        until_s=until_s,
        rate=0.5,
        spells=spells,
        downs=[
            Down(scope=SCOPE, begin_s=each.begin_s, end_s=each.end_s) for each in spells
        ],
    )
