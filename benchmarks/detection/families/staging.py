"""What the families share: how a run is put together from traffic and mishaps."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.detection.answers import Answer
from benchmarks.detection.streams import HOME, Down, Run, outage_of
from benchmarks.detection.traffic import SCOPE, Flow, calls_of, steady
from benchmarks.detection.world import Reference, Spell, World

LEAD_S = 1_500.0
"""How long all is well before something happens."""

LASTS_S = 1_500.0
AFTER_S = 1_200.0
NOISE = 1e-3
NO_REFERENCE = Reference(configured=False)

Maker = Callable[[random.Random], Iterator["Scene"]]

FAMILIES: dict[str, Maker] = {}
"""Every family, by name."""


def family(maker: Maker) -> Maker:
    """Make a family known under the maker's name."""
    name = maker.__name__.replace("_", "-")
    if name in FAMILIES:
        raise ValueError(f"two families are named {name}")
    FAMILIES[name] = maker
    return maker


@dataclass(kw_only=True)
class Scene:
    """A run before it is played; what the attributes mean stands with `Run`.

    Attributes:
        flows: The partner's traffic; `rate` orders a second from one machine
            unless given.
        spells: What goes wrong.
        downs: When not one call can succeed.
        noise: How many calls fail at any other time.
        reference: The host outside Amazon; one that answers unless given.
    """

    until_s: float
    rate: float
    variant: str = ""
    flows: Sequence[Flow] = ()
    spells: Sequence[Spell] = ()
    downs: Sequence[Down] = ()
    noise: float = NOISE
    reference: Reference | None = None
    operations_down: tuple[tuple[str, str], ...] = ()
    own_operations_fail: bool = False
    restarts: tuple[float, ...] = ()
    wall_steps: tuple[tuple[float, float], ...] = ()
    ahead: Mapping[str, float] = field(default_factory=dict)
    home: str = HOME

    def played(self, family: str, draw: random.Random) -> Run:
        """Return the run: this traffic in this world, and the truth about it."""
        world = World(
            self.spells,
            noise=self.noise,
            reference=self.reference,
            seed=f"{draw.getrandbits(64):x}",
        )
        flows = self.flows or [ordinary(self.rate, draw, end_s=self.until_s)]
        calls = calls_of(flows, world, draw)
        return Run(
            family=family,
            variant=self.variant,
            world=world,
            calls=calls,
            until_s=self.until_s,
            rate=self.rate,
            outages=tuple(
                outage_of(down, calls, until_s=self.until_s) for down in self.downs
            ),
            operations_down=self.operations_down,
            own_operations_fail=self.own_operations_fail,
            restarts=self.restarts,
            wall_steps=self.wall_steps,
            ahead=self.ahead,
            home=self.home,
        )


def ordinary(
    rate: float, draw: random.Random, *, begin_s: float = 0.0, end_s: float
) -> Flow:
    """Return the ordinary traffic of one machine."""
    return Flow(arrivals=steady(rate, draw, begin_s=begin_s, end_s=end_s))


def outage(
    *answers: Answer,
    rate: float = 0.5,
    begin_s: float = LEAD_S,
    lasts_s: float = LASTS_S,
    variant: str = "",
) -> Scene:
    """Return a scene with one total outage in the middle of ordinary traffic."""
    end_s = begin_s + lasts_s
    return Scene(
        variant=variant,
        until_s=end_s + AFTER_S,
        rate=rate,
        spells=[Spell(begin_s=begin_s, end_s=end_s, answers=answers)],
        downs=[Down(scope=SCOPE, begin_s=begin_s, end_s=end_s)],
    )


def mishap(*spells: Spell, rate: float = 0.5, variant: str = "") -> Scene:
    """Return a scene in which something goes wrong that is no outage."""
    until_s = max(spell.end_s for spell in spells) + 900.0
    return Scene(variant=variant, until_s=until_s, rate=rate, spells=spells)
