"""Amazon answers and refuses: funds, contract, input, keys, rate. Never a page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.detection.answers import (
    F200,
    F300,
    F500,
    FORBIDDEN,
    RATE_EXCEEDED,
    TIMEOUT,
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
from benchmarks.detection.traffic import CREATE, HOUR_S, SCOPE, Flow, steady
from benchmarks.detection.world import Spell

END_S = LEAD_S + HOUR_S


def refused(
    *spells: Spell,
    draw: random.Random,
    rate: float = 0.5,
    retries: int = 0,
    variant: str = "",
) -> Scene:
    """Return a scene of nothing but orders, refused as the spells say."""
    scene = mishap(*spells, rate=rate, variant=variant)
    flow = Flow(
        arrivals=steady(rate, draw, end_s=scene.until_s),
        operations=((CREATE, 1.0),),
        retries=retries,
    )
    return replace(scene, flows=[flow])


def answered(*answers: Answer, probes: bool = False, share: float = 1.0) -> Spell:
    """Return an hour in which that is the answer to orders."""
    return Spell(
        begin_s=LEAD_S, end_s=END_S, answers=answers, probes=probes, share=share
    )


@family
def funds_exhausted(draw: random.Random) -> Iterator[Scene]:
    yield refused(answered(F300), draw=draw)


@family
def funds_exhausted_and_noise(draw: random.Random) -> Iterator[Scene]:
    """Some fail for technical reasons, the others for money."""
    for share in (0.1, 0.25):
        spells = (answered(F500, TIMEOUT, share=share), answered(F300))
        yield refused(*spells, draw=draw, variant=f"{share:.0%}")


@family
def contract_ended(draw: random.Random) -> Iterator[Scene]:
    yield refused(answered(F300, probes=True), draw=draw, rate=2.0)


@family
def contract_ended_and_noise(draw: random.Random) -> Iterator[Scene]:
    """The probe is refused as well, and nobody is there to say all is well."""
    spells = (answered(F500, share=0.2, probes=True), answered(F300, probes=True))
    yield refused(*spells, draw=draw)


@family
def product_type_not_enabled(draw: random.Random) -> Iterator[Scene]:
    yield refused(answered(F300, share=0.6), draw=draw)


@family
def throttling_storm(draw: random.Random) -> Iterator[Scene]:
    yield refused(answered(RATE_EXCEEDED, share=0.9), draw=draw, rate=4.0)


@family
def throttling_total(draw: random.Random) -> Iterator[Scene]:
    """Nothing passes, and what is far too fast is not answered at all."""
    spells = (
        answered(TIMEOUT, share=0.1, probes=True),
        answered(RATE_EXCEEDED, probes=True),
    )
    yield refused(*spells, draw=draw, rate=3.0)


@family
def bad_deployment(draw: random.Random) -> Iterator[Scene]:
    yield refused(answered(F200), draw=draw, rate=1.0, variant="all F200")
    spells = (answered(F500, share=0.05), answered(F200))
    yield refused(*spells, draw=draw, rate=1.0, variant="F200 and noise")


@family
def keys_expired(draw: random.Random) -> Iterator[Scene]:
    yield refused(answered(FORBIDDEN, probes=True), draw=draw)


@family
def keys_expired_and_noise(draw: random.Random) -> Iterator[Scene]:
    spells = (
        answered(F500, TIMEOUT, share=0.08, probes=True),
        answered(FORBIDDEN, probes=True),
    )
    yield refused(*spells, draw=draw, rate=1.0)


@family
def keys_expired_on_some(draw: random.Random) -> Iterator[Scene]:
    yield refused(answered(FORBIDDEN, share=0.5), draw=draw)


@family
def clock_skewed(draw: random.Random) -> Iterator[Scene]:
    yield refused(answered(FORBIDDEN, probes=True), draw=draw, rate=0.1, retries=3)


@family
def f300_and_f500(draw: random.Random) -> Iterator[Scene]:
    """An outage in which some orders still meet the account check: a page."""
    for f300, rate in ((0.2, 1.0), (0.3, 0.5)):
        spells = (
            answered(F300, share=f300),
            Spell(begin_s=LEAD_S, end_s=END_S, answers=(F500,)),
        )
        scene = refused(*spells, draw=draw, rate=rate, variant=f"{f300:.0%} F300")
        yield replace(
            scene,
            until_s=END_S + AFTER_S,
            downs=[Down(scope=SCOPE, begin_s=LEAD_S, end_s=END_S)],
        )
