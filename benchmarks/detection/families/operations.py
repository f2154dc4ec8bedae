"""One operation fails while others succeed: an alert of its own, never a page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.detection.answers import EXPORT, F500, MIXTURE, TIMEOUT, Answer
from benchmarks.detection.families.staging import (
    AFTER_S,
    LEAD_S,
    Scene,
    family,
    mishap,
)
from benchmarks.detection.traffic import CREATE, HOUR_S, SCOPE, Flow, steady
from benchmarks.detection.world import PROBED, Spell

END_S = LEAD_S + 2_400.0
HISTORY = "GetGiftCardActivityPage"


def operations_down(
    *operations: str, answers: tuple[Answer, ...], rate: float
) -> Scene:
    """Return a scene in which those operations are down for forty minutes."""
    spell = Spell(begin_s=LEAD_S, end_s=END_S, answers=answers, operations=operations)
    scene = mishap(spell, rate=rate, variant=f"{rate} a second")
    due = tuple((SCOPE, operation) for operation in operations)
    return replace(scene, until_s=END_S + AFTER_S, operations_down=due)


@family
def creates_down(draw: random.Random) -> Iterator[Scene]:
    yield operations_down(CREATE, answers=(F500,), rate=1.0)
    yield operations_down(CREATE, answers=(TIMEOUT,), rate=0.5)


@family
def cancels_down(draw: random.Random) -> Iterator[Scene]:
    yield operations_down("CancelGiftCard", answers=(F500,), rate=2.0)


@family
def funds_query_down(draw: random.Random) -> Iterator[Scene]:
    """What the probe asks for is down, and nothing else."""
    yield operations_down(PROBED, answers=(F500, TIMEOUT), rate=2.0)


@family
def only_history_is_up(draw: random.Random) -> Iterator[Scene]:
    """Everything fails but a list that comes from some cache."""
    down = (CREATE, "CancelGiftCard", PROBED)
    yield operations_down(*down, answers=MIXTURE, rate=2.0)


@family
def creates_down_for_who_only_creates(draw: random.Random) -> Iterator[Scene]:
    """Nothing but the probe shows that Amazon is up."""
    scene = operations_down(CREATE, answers=(F500, TIMEOUT), rate=0.5)
    arrivals = steady(0.5, draw, end_s=scene.until_s)
    yield replace(scene, flows=[Flow(arrivals=arrivals, operations=((CREATE, 1.0),))])


@family
def long_exports_at_night(draw: random.Random) -> Iterator[Scene]:
    """Thirty exports that take minutes each, one in 20 s, and nothing else."""
    until_s = 6 * HOUR_S
    slow = Spell(begin_s=0.0, end_s=1e9, answers=(EXPORT,), operations=(HISTORY,))
    exports = Flow(
        arrivals=[2 * HOUR_S + number * 20.0 for number in range(30)],
        operations=((HISTORY, 1.0),),
    )
    few = Flow(
        arrivals=steady(1 / 1_200, draw, end_s=until_s), operations=((CREATE, 1.0),)
    )
    yield Scene(
        flows=[few, exports],
        until_s=until_s,
        rate=0.01,
        spells=[slow],
        own_operations_fail=True,
    )


@family
def creates_brown_out(draw: random.Random) -> Iterator[Scene]:
    """Nine in ten orders fail, everything else is well: no operation is down."""
    spell = Spell(
        begin_s=LEAD_S, end_s=END_S, answers=MIXTURE, operations=(CREATE,), share=0.9
    )
    yield mishap(spell, rate=2.0)
