"""Healthy partners, with the noise that every partner has."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.families.staging import family, played
from benchmarks.detection.streams import Run
from benchmarks.detection.traffic import DAY_S, HOUR_S, Flow, bursts, diurnal, poisson


def healthy(
    variant: str, draw: random.Random, *, rate: float, lasts_s: float, noise: float
) -> Run:
    """Return a run in which nothing is wrong but noise, even and in bursts."""
    return played(
        variant,
        draw,
        flows=[Flow(arrivals=poisson(rate, draw, end_s=lasts_s), retries=2)],
        until_s=lasts_s,
        rate=rate,
        spells=bursts(draw, every_s=max(600.0, 20 / rate), end_s=lasts_s),
        noise=noise,
    )


@family
def healthy_month(draw: random.Random) -> Iterator[Run]:
    rate, lasts_s = 0.05, 30 * DAY_S
    yield played(
        "diurnal, at most 0.05 a second",
        draw,
        flows=[Flow(arrivals=diurnal(rate, draw, end_s=lasts_s), retries=1)],
        until_s=lasts_s,
        rate=rate / 2,
        spells=bursts(draw, every_s=HOUR_S, end_s=lasts_s),
        noise=2e-3,
    )
    yield healthy("1 in 10 min", draw, rate=1 / 600, lasts_s=lasts_s, noise=5e-2)


@family
def healthy_hours(draw: random.Random) -> Iterator[Run]:
    hours = 3 * HOUR_S
    yield healthy("1 a second", draw, rate=1.0, lasts_s=hours, noise=1e-2)
    yield healthy("3 a second", draw, rate=3.0, lasts_s=hours, noise=1e-4)
    yield healthy("10 a second", draw, rate=10.0, lasts_s=hours, noise=5e-2)
