"""Our own side fails: network, proxy, trust, deployment. Never a page."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.answers import (
    BAD_CERTIFICATE,
    F500,
    GIVEN_UP,
    HTML_502,
    LONG_TIMEOUT,
    NO_NAME,
    REFUSED,
    SHORT_TIMEOUT,
    TIMEOUT,
    Answer,
)
from benchmarks.detection.families.staging import LEAD_S, family, orders, played
from benchmarks.detection.streams import Run
from benchmarks.detection.traffic import CREATE, Flow, steady
from benchmarks.detection.world import Spell

LASTS_S = 1_800.0
AFTER_S = 900.0


def cut_off(variant: str, draw: random.Random, *answers: Answer, rate: float) -> Run:
    """Return a run in which our own way out is closed for half an hour."""
    end_s = LEAD_S + LASTS_S
    until_s = end_s + AFTER_S
    begin_s = LEAD_S + 300 * draw.random()
    return played(
        variant,
        draw,
        flows=orders(rate, draw, until_s=until_s),
        until_s=until_s,
        rate=rate,
        spells=[Spell(begin_s=begin_s, end_s=end_s, answers=answers, closes_way=True)],
        ours=True,
    )


@family
def own_dns(draw: random.Random) -> Iterator[Run]:
    yield cut_off("10 a second", draw, NO_NAME, rate=10.0)
    yield cut_off("1 in 5 s", draw, NO_NAME, rate=0.2)


@family
def own_proxy(draw: random.Random) -> Iterator[Run]:
    yield cut_off("refuses", draw, REFUSED, rate=1.0)
    yield cut_off("answers 502", draw, HTML_502, rate=1.0)


@family
def own_firewall(draw: random.Random) -> Iterator[Run]:
    yield cut_off("1 a second", draw, TIMEOUT, rate=1.0)
    yield cut_off("1 in 20 s", draw, LONG_TIMEOUT, rate=0.05)


@family
def own_trust_broken(draw: random.Random) -> Iterator[Run]:
    yield cut_off("", draw, BAD_CERTIFICATE, rate=0.5)


@family
def own_network_flapping(draw: random.Random) -> Iterator[Run]:
    """Cut off for 50 s of every minute and a half, for an hour."""
    spells = [
        Spell(
            begin_s=LEAD_S + number * 90.0,
            end_s=LEAD_S + number * 90.0 + 50.0,
            answers=(NO_NAME, TIMEOUT),
            closes_way=True,
        )
        for number in range(40)
    ]
    until_s = spells[-1].end_s + AFTER_S
    yield played(
        "",
        draw,
        flows=orders(1.0, draw, until_s=until_s),
        until_s=until_s,
        rate=1.0,
        spells=spells,
        ours=True,
    )


@family
def own_timeout_far_too_short(draw: random.Random) -> Iterator[Run]:
    """Since the last deployment every call is given up after 0.1 s."""
    end_s = LEAD_S + LASTS_S
    until_s = end_s + AFTER_S
    spell = Spell(begin_s=LEAD_S, end_s=end_s, answers=(SHORT_TIMEOUT,), probes=False)
    yield played(
        "",
        draw,
        flows=orders(0.5, draw, until_s=until_s),
        until_s=until_s,
        rate=0.5,
        spells=[spell],
        ours=True,
    )


@family
def own_program_gives_up(draw: random.Random) -> Iterator[Run]:
    """Every call is abandoned before it is sent: proves nothing."""
    end_s = LEAD_S + LASTS_S
    until_s = end_s + AFTER_S
    spell = Spell(begin_s=LEAD_S, end_s=end_s, answers=(GIVEN_UP,), probes=False)
    yield played(
        "",
        draw,
        flows=orders(0.5, draw, until_s=until_s),
        until_s=until_s,
        rate=0.5,
        spells=[spell],
        ours=True,
    )


@family
def poison_order(draw: random.Random) -> Iterator[Run]:
    """One order fails five hundred times, beside an order in five minutes."""
    until_s = 4_000.0
    poisoned = Flow(
        arrivals=steady(0.5, draw, begin_s=1_000.0, end_s=2_000.0),
        order="Poison",
        same_order=True,
        operations=((CREATE, 1.0),),
    )
    ordinary = Flow(arrivals=steady(1 / 300, draw, end_s=until_s))
    yield played(
        "",
        draw,
        flows=[ordinary, poisoned],
        until_s=until_s,
        rate=0.5,
        spells=[Spell(begin_s=0.0, end_s=until_s, answers=(F500,), orders=("Poison",))],
        ours=True,
    )
