"""One operation fails while others succeed: an alert of its own, never a page."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.answers import F500, TIMEOUT, Answer
from benchmarks.detection.families.staging import LEAD_S, family, orders, played
from benchmarks.detection.streams import Run
from benchmarks.detection.traffic import CREATE, SCOPE
from benchmarks.detection.world import PROBED, Spell

LASTS_S = 2_400.0


def one_operation(
    variant: str, draw: random.Random, operation: str, *answers: Answer, rate: float
) -> Run:
    """Return a run in which that operation is down for forty minutes."""
    end_s = LEAD_S + LASTS_S
    until_s = end_s + 1_200.0
    return played(
        variant,
        draw,
        flows=orders(rate, draw, until_s=until_s),
        until_s=until_s,
        rate=rate,
        spells=[
            Spell(begin_s=LEAD_S, end_s=end_s, answers=answers, operations=(operation,))
        ],
        operations_down=((SCOPE, operation),),
    )


@family
def creates_down(draw: random.Random) -> Iterator[Run]:
    yield one_operation("1 a second", draw, CREATE, F500, rate=1.0)
    yield one_operation("1 in 5 s", draw, CREATE, TIMEOUT, rate=0.2)


@family
def cancels_down(draw: random.Random) -> Iterator[Run]:
    yield one_operation("", draw, "CancelGiftCard", F500, rate=2.0)


@family
def funds_query_down(draw: random.Random) -> Iterator[Run]:
    """What the probe asks for is down, and nothing else."""
    yield one_operation("", draw, PROBED, F500, TIMEOUT, rate=2.0)
