"""Streams of events as a partner at one endpoint would make them."""

from __future__ import annotations

from dataclasses import dataclass, field

from agcod_guard.call import Outcome
from agcod_guard.outage.events import Began, Checked, Ended, Event, Referenced
from agcod_guard.outage.fold import Fold
from agcod_guard.outage.moves import Move, OperationMove, of_operations, of_scopes
from agcod_guard.outage.path import Finding, Route
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Phase, ScopeState


@dataclass
class Traffic:
    """Feeds a fold by hand; the time is whatever a test says."""

    policy: OutagePolicy = field(default_factory=OutagePolicy)
    scope: str = "Acmes/eu"
    moves: list[Move] = field(default_factory=list)
    operation_moves: list[OperationMove] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fold = Fold(self.policy)
        self._number = 0

    def ended(self, at_s: float, outcome: Outcome, **changes: object) -> Ended:
        """Return the end of a new order's only call."""
        self._number += 1
        facts = {
            "at_s": at_s,
            "wall_ns": int(at_s * 1e9),
            "scope": self.scope,
            "order": f"Acmes{self._number:05}",
            "call_id": f"{self._number:016x}",
            "source": "shop-1",
            "probe": False,
            "outcome": outcome,
            "marked": outcome is not Outcome.NO_ANSWER,
            "operation": "CreateGiftCard",
        }
        return Ended(**(facts | changes))

    def began(self, at_s: float, **changes: object) -> Began:
        """Return the beginning of a call that has not ended."""
        self._number += 1
        facts = {
            "at_s": at_s,
            "wall_ns": int(at_s * 1e9),
            "scope": self.scope,
            "order": f"Acmes{self._number:05}",
            "call_id": f"{self._number:016x}",
            "source": "shop-1",
            "probe": False,
            "operation": "CreateGiftCard",
        }
        return Began(**(facts | changes))

    def see(self, *events: Event, until_s: float | None = None) -> list[Move]:
        """Fold the events and let time pass; return what changed of the scopes."""
        last_s = events[-1].at_s if events else 0.0
        changes = self.fold.fold(events, last_s if until_s is None else until_s)
        moves = of_scopes(changes)
        self.moves += moves
        self.operation_moves += of_operations(changes)
        return moves

    def fail(self, *times_s: float, **changes: object) -> list[Move]:
        """Have a new order fail at each of the times."""
        changes = {"outcome": Outcome.FAULT, **changes}
        return self.see(*(self.ended(at_s, **changes) for at_s in times_s))

    def succeed(self, *times_s: float, **changes: object) -> list[Move]:
        """Have a new order succeed at each of the times."""
        return self.see(
            *(self.ended(at_s, Outcome.SUCCESS, **changes) for at_s in times_s)
        )

    def refer(self, at_s: float, *, reached: bool) -> list[Move]:
        """Have the reference host checked."""
        return self.see(Referenced(at_s, reached, "shop-1"))

    def check(self, at_s: float, finding: Finding, **route: object) -> list[Move]:
        """Have the way of the failing calls tried."""
        source = route.pop("source", "shop-1")
        way = Route(**({"endpoint": "eu", "via": ""} | route))
        return self.see(Checked(at_s, source, way, finding))

    def wait(self, until_s: float) -> list[Move]:
        """Let time pass."""
        return self.see(until_s=until_s)

    @property
    def state(self) -> ScopeState:
        return self.fold.scopes[self.scope]

    @property
    def phases(self) -> list[tuple[Phase, float]]:
        """Every phase that was entered, and when."""
        return [(move.after, move.at_s) for move in self.moves]
