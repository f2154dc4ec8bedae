"""What is true at a time: how a call, a probe or a reference check would end.

Pure: a world is a function of time, its draws included, so whoever asks the
same question twice gets the same answer. Times are seconds on the run's axis.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from agcod_guard.call import Trouble
from agcod_guard.outage.path import Finding
from benchmarks.detection.answers import NOISE, SUCCESS, Answer

ALWAYS = float("inf")
PROBED = "GetAvailableFunds"
"""The operation that a probe calls."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what; what a spell may be limited to."""

    scope: str
    operation: str
    source: str
    order: str = ""
    probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time in which calls end otherwise than they should.

    Attributes:
        begin_s: Calls sent from then on are affected.
        end_s: Calls sent from then on no longer are.
        answers: What they come to, each as likely as the others.
        share: How many of the calls are affected.
        last_share: The same at the end, if it changes on the way.
        scopes: Scopes it is limited to; none means all.
        operations: Operations it is limited to; none means all.
        sources: Machines it is limited to; none means all.
        orders: Beginnings of the order ids it is limited to; none means all.
        real: Whether the partner's own calls are affected.
        probes: Whether the guard's probes are affected.
        closes_way: Our own network is the cause: no other host answers either.
        closes_proxy: Our own proxy is the cause, which other calls do not go through.
    """

    begin_s: float
    end_s: float
    answers: tuple[Answer, ...]
    share: float = 1.0
    last_share: float | None = None
    scopes: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    real: bool = True
    probes: bool = True
    closes_way: bool = False
    closes_proxy: bool = False

    def concerns(self, asked: Asked) -> bool:
        """Whether the spell is about such a call."""
        return (
            (self.probes if asked.probe else self.real)
            and (not self.scopes or asked.scope in self.scopes)
            and (not self.operations or asked.operation in self.operations)
            and (not self.sources or asked.source in self.sources)
            and (not self.orders or asked.order.startswith(self.orders))
        )

    def share_at(self, at_s: float) -> float:
        """Return how many of the calls sent at that time are affected."""
        if self.last_share is None:
            return self.share
        passed = (at_s - self.begin_s) / (self.end_s - self.begin_s)
        return self.share + (self.last_share - self.share) * passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A host outside Amazon.

    Attributes:
        configured: Whether there is one at all.
        blocked: Times, begin and end, in which a firewall keeps it from us.
    """

    configured: bool = True
    blocked: tuple[tuple[float, float], ...] = ()


OPEN = Finding(True, (), "the endpoint took a connection of ours")
EITHER_SIDE = Finding(False, (), "the endpoint took no connection of ours")
NO_PROXY = Finding(
    False, (Trouble.REFUSED, Trouble.CONNECT), "the proxy cannot be reached"
)
_SHOWN = (Trouble.NAME, Trouble.NO_ROUTE, Trouble.UNTRUSTED)
"""What trying our own way shows for certain, if our own network is the cause."""


def _found(spell: Spell, answer: Answer) -> Finding:
    """Return what trying the way comes to while calls come to `answer`."""
    trouble = answer.trouble
    if spell.closes_proxy:
        return NO_PROXY
    if spell.closes_way and trouble in _SHOWN:
        return Finding(False, (trouble,), f"our own side: {trouble}")
    comes_through = trouble is None or trouble is Trouble.ANSWER
    return OPEN if comes_through and not spell.closes_way else EITHER_SIDE


class World:
    """The truth of one run, for whoever asks."""

    def __init__(
        self,
        spells: Iterable[Spell] = (),
        *,
        noise: float = 0.0,
        reference: Reference | None = None,
        seed: str = "",
    ) -> None:
        """Make a world in which `spells` happen; the first that applies decides.

        Args:
            spells: What goes wrong, when.
            noise: How many calls fail at any other time, independently.
            reference: The host outside Amazon; by default one that answers.
            seed: What the draws for probes are made from.
        """
        self.spells = tuple(spells)
        self.noise = noise
        self.reference = Reference() if reference is None else reference
        self._seed = seed
        edges = {each.begin_s for each in self.spells}
        edges |= {each.end_s for each in self.spells}
        self._edges = sorted(edges)
        self._between = [()] + [
            tuple(spell for spell in self.spells if spell.begin_s <= edge < spell.end_s)
            for edge in self._edges
        ]

    def answer(self, at_s: float, asked: Asked, draw: random.Random) -> Answer:
        """Return what a call sent at `at_s` comes to."""
        for spell in self._between[bisect_right(self._edges, at_s)]:
            if spell.concerns(asked) and (
                spell.share_at(at_s) >= 1 or draw.random() < spell.share_at(at_s)
            ):
                return draw.choice(spell.answers)
        if self.noise and draw.random() < self.noise:
            return draw.choice(NOISE)
        return SUCCESS

    def probe(self, at_s: float, *, scope: str, source: str) -> Answer:
        """Return what a harmless signed test call sent at `at_s` comes to."""
        draw = random.Random(f"{self._seed} {scope} {at_s:.3f}")
        return self.answer(at_s, Asked(scope, PROBED, source, probe=True), draw)

    def way(self, at_s: float, *, scope: str, source: str) -> Finding:
        """Return what a machine finds that tries its own way to the endpoint."""
        draw = random.Random(f"{self._seed} way {scope} {at_s:.3f}")
        asked = Asked(scope, "", source)
        for spell in self._between[bisect_right(self._edges, at_s)]:
            if spell.concerns(asked) and draw.random() < spell.share_at(at_s):
                return _found(spell, draw.choice(spell.answers))
        return OPEN

    def reaches_reference(self, at_s: float, *, source: str) -> bool:
        """Whether the host outside Amazon would answer that machine."""
        if any(begin_s <= at_s < end_s for begin_s, end_s in self.reference.blocked):
            return False
        draw = random.Random(f"{self._seed} reference {at_s:.3f}")
        return not any(
            spell.closes_way
            and (not spell.sources or source in spell.sources)
            and draw.random() < spell.share_at(at_s)
            for spell in self._between[bisect_right(self._edges, at_s)]
        )
