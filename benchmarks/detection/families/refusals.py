"""Amazon answers and refuses: funds, contract, input, keys, rate. Never a page."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.answers import (
    F200,
    F300,
    F500,
    FORBIDDEN,
    RATE_EXCEEDED,
    TIMEOUT,
    Answer,
)
from benchmarks.detection.families.staging import LEAD_S, family, played
from benchmarks.detection.streams import Down, Run
from benchmarks.detection.traffic import CREATE, HOUR_S, SCOPE, Flow, steady
from benchmarks.detection.world import Spell

CREATES = ((CREATE, 1.0),)


def refused(
    variant: str,
    draw: random.Random,
    *spells: Spell,
    rate: float = 0.5,
    noise: float = 1e-3,
    ours: bool = True,
    retries: int = 0,
) -> Run:
    """Return a run of nothing but orders, refused as the spells say."""
    until_s = max(spell.end_s for spell in spells) + 900.0
    flow = Flow(
        arrivals=steady(rate, draw, end_s=until_s), operations=CREATES, retries=retries
    )
    return played(
        variant,
        draw,
        flows=[flow],
        until_s=until_s,
        rate=rate,
        spells=spells,
        noise=noise,
        ours=ours,
    )


def spell_of(*answers: Answer, probes: bool = False, share: float = 1.0) -> Spell:
    """Return an hour in which that is the answer to orders."""
    return Spell(
        begin_s=LEAD_S,
        end_s=LEAD_S + HOUR_S,
        answers=answers,
        probes=probes,
        share=share,
    )


@family
def funds_exhausted(draw: random.Random) -> Iterator[Run]:
    yield refused("", draw, spell_of(F300))


@family
def funds_exhausted_and_noise(draw: random.Random) -> Iterator[Run]:
    """One in ten fails for technical reasons, the others for money."""
    yield refused("", draw, spell_of(F500, share=0.1), spell_of(F300))


@family
def contract_ended(draw: random.Random) -> Iterator[Run]:
    yield refused("", draw, spell_of(F300, probes=True), rate=2.0)


@family
def product_type_not_enabled(draw: random.Random) -> Iterator[Run]:
    yield refused("", draw, spell_of(F300, share=0.6))


@family
def throttling_storm(draw: random.Random) -> Iterator[Run]:
    yield refused("some pass", draw, spell_of(RATE_EXCEEDED, share=0.9), rate=12.0)


@family
def throttling_total(draw: random.Random) -> Iterator[Run]:
    """Nothing passes, and what is far too fast is not answered at all."""
    spells = (spell_of(TIMEOUT, share=0.1), spell_of(RATE_EXCEEDED, probes=True))
    yield refused("", draw, *spells, rate=3.0)


@family
def bad_deployment(draw: random.Random) -> Iterator[Run]:
    yield refused("all F200", draw, spell_of(F200), rate=1.0)
    yield refused(
        "F200 and noise", draw, spell_of(F500, share=0.05), spell_of(F200), rate=1.0
    )


@family
def keys_expired(draw: random.Random) -> Iterator[Run]:
    yield refused("", draw, spell_of(FORBIDDEN, probes=True))


@family
def clock_skewed(draw: random.Random) -> Iterator[Run]:
    yield refused("", draw, spell_of(FORBIDDEN, probes=True), rate=0.1, retries=3)


@family
def keys_expired_and_noise(draw: random.Random) -> Iterator[Run]:
    spells = (
        spell_of(F500, TIMEOUT, share=0.08, probes=True),
        spell_of(FORBIDDEN, probes=True),
    )
    yield refused("", draw, *spells, rate=1.0)


def mix(draw: random.Random, *, f500: float, rate: float) -> Run:
    """Return an outage in which some orders still meet the account check."""
    end_s = LEAD_S + HOUR_S
    until_s = end_s + 1_200.0
    spells = [
        Spell(
            begin_s=LEAD_S, end_s=end_s, answers=(F300,), share=1 - f500, probes=False
        ),
        Spell(begin_s=LEAD_S, end_s=end_s, answers=(F500,)),
    ]
    return played(
        f"{f500:.0%} F500, {rate} a second",
        draw,
        flows=[Flow(arrivals=steady(rate, draw, end_s=until_s), operations=CREATES)],
        until_s=until_s,
        rate=rate,
        spells=spells,
        downs=[Down(scope=SCOPE, begin_s=LEAD_S, end_s=end_s)],
    )


@family
def f300_and_f500(draw: random.Random) -> Iterator[Run]:
    yield mix(draw, f500=0.8, rate=1.0)
    yield mix(draw, f500=0.7, rate=0.5)
