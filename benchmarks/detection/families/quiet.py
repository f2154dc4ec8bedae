"""Healthy partners, with the noise that every partner has."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.detection.families.staging import Scene, family
from benchmarks.detection.traffic import DAY_S, HOUR_S, Flow, bursts, diurnal, poisson


def healthy(draw: random.Random, *, rate: float, lasts_s: float, noise: float) -> Scene:
    """Return a scene in which nothing is wrong but noise, even and in bursts."""
    return Scene(
        variant=f"{rate:.4g} a second",
        flows=[Flow(arrivals=poisson(rate, draw, end_s=lasts_s), retries=2)],
        until_s=lasts_s,
        rate=rate,
        spells=bursts(draw, every_s=max(600.0, 20 / rate), end_s=lasts_s),
        noise=noise,
    )


@family
def healthy_month(draw: random.Random) -> Iterator[Scene]:
    lasts_s = 30 * DAY_S
    yield healthy(draw, rate=1 / 600, lasts_s=lasts_s, noise=5e-2)
    yield healthy(draw, rate=0.02, lasts_s=lasts_s, noise=1e-2)


@family
def healthy_month_of_days_and_nights(draw: random.Random) -> Iterator[Scene]:
    rate, lasts_s = 0.05, 30 * DAY_S
    yield Scene(
        flows=[Flow(arrivals=diurnal(rate, draw, end_s=lasts_s), retries=1)],
        until_s=lasts_s,
        rate=rate / 2,
        spells=bursts(draw, every_s=HOUR_S, end_s=lasts_s),
        noise=2e-3,
    )


@family
def healthy_hours(draw: random.Random) -> Iterator[Scene]:
    hours = 3 * HOUR_S
    yield healthy(draw, rate=1.0, lasts_s=hours, noise=1e-2)
    yield healthy(draw, rate=3.0, lasts_s=hours, noise=1e-4)
    yield healthy(draw, rate=10.0, lasts_s=hours, noise=5e-2)


@family
def healthy_day_of_few_orders(draw: random.Random) -> Iterator[Scene]:
    """Every noise level at a call in half a minute."""
    for noise in (1e-4, 1e-3, 1e-2, 5e-2):
        yield healthy(draw, rate=1 / 30, lasts_s=DAY_S, noise=noise)
