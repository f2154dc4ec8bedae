"""What the families share: how a run is put together from traffic and mishaps."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence

from benchmarks.detection.streams import HOME, Down, Run, outage_of
from benchmarks.detection.traffic import Flow, calls_of, steady
from benchmarks.detection.world import Reference, Spell, World

LEAD_S = 1_500.0
"""How long all is well before something happens."""

NOISE_P = 1e-3

Maker = Callable[[random.Random], Iterator[Run]]

FAMILIES: dict[str, Maker] = {}
"""Every family, by name."""


def family(maker: Maker) -> Maker:
    """Make a family known under the maker's name."""
    name = maker.__name__.replace("_", "-")
    if name in FAMILIES:
        raise ValueError(f"two families are named {name}")
    FAMILIES[name] = maker
    return maker


def orders(rate: float, draw: random.Random, *, until_s: float) -> list[Flow]:
    """Return the ordinary traffic of one machine."""
    return [Flow(arrivals=steady(rate, draw, end_s=until_s))]


def played(
    variant: str,
    draw: random.Random,
    *,
    flows: Sequence[Flow],
    until_s: float,
    rate: float,
    spells: Iterable[Spell] = (),
    downs: Iterable[Down] = (),
    noise: float = NOISE_P,
    reference: Reference | None = None,
    ours: bool = False,
    operations_down: tuple[tuple[str, str], ...] = (),
    restarts: tuple[float, ...] = (),
    wall_steps: tuple[tuple[float, float], ...] = (),
    home: str = HOME,
) -> Run:
    """Return the run that such traffic makes in such a world."""
    world = World(
        spells, noise=noise, reference=reference, seed=f"{draw.getrandbits(64):x}"
    )
    calls = calls_of(flows, world, draw)
    return Run(
        family="",
        variant=variant,
        world=world,
        calls=calls,
        until_s=until_s,
        rate=rate,
        outages=tuple(outage_of(down, calls, until_s=until_s) for down in downs),
        ours=ours,
        operations_down=operations_down,
        restarts=restarts,
        wall_steps=wall_steps,
        home=home,
    )
