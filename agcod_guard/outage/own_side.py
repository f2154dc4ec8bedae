"""What is broken on our own side, per scope, and what follows from it. Pure.

It opens no incident and clears none: it is a matter for the partner's own people,
who are told when it begins and when it is over. A run that it explains is
forgotten, and calls that it explains are not counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from msgspec import Struct

from agcod_guard.call import Outcome, Scope
from agcod_guard.outage.detector import after_own_side, is_beyond_us
from agcod_guard.outage.events import Checked, Ended, Referenced
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.reference import ReferenceState
from agcod_guard.outage.state import ScopeState
from agcod_guard.outage.ways import Way, Ways, endpoint_of

_FAULT = Outcome.FAULT  # see detector.py


class OwnSide(Struct, frozen=True, omit_defaults=True):
    """Calls of a scope fail because of a machine of ours.

    Attributes:
        since_s: First check that showed it.
        reason: What it showed, in one sentence.
        source: The machine.
        by_reference: It was shown by the reference, not by trying the way.
    """

    since_s: float
    reason: str
    source: str
    by_reference: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSideTransition:
    """Our own side is found to be broken, or no longer.

    Attributes:
        scope: Account and endpoint whose calls fail.
        is_broken: Whether it is so from now on.
        at_s: Since when, seconds since the Unix epoch.
        reason: What was found, in one sentence.
    """

    scope: Scope
    is_broken: bool
    at_s: float
    reason: str


class OwnSides:
    """What is broken at present. Changed in place, like the `Fold` that owns it.

    Attributes:
        ways: What each machine knows of its way to endpoints that fail it.
        present: What is broken, by the scope's text; the first finding where
            several machines have one.
    """

    def __init__(
        self,
        policy: OutagePolicy,
        ways: Mapping[str, Mapping[str, Way]] | None = None,
        present: Mapping[str, OwnSide] | None = None,
    ) -> None:
        """Begin with `ways` and `present`."""
        self.ways = Ways(policy, ways)
        self.present = dict(present or {})

    def came_through(self, event: Ended) -> None:
        """Take in an answer of Amazon's, be it that it fails."""
        if event.outcome is _FAULT:
            self.ways.failed(event)
        elif not self.ways.all_well:
            self.ways.answered(event)
        if self.present:
            self._forget(event.source, endpoint_of(event.scope), by_reference=True)

    def explains(self, event: Ended, state: ScopeState) -> bool:
        """Take in a failure that is not Amazon's own word; return if it is ours."""
        way = self.ways.failed(event)
        if not way.is_ours:
            if self.present:
                self._forget(event.source, endpoint_of(event.scope))
            return False
        if is_beyond_us(state):
            return False
        self.present.setdefault(event.scope, _of_way(way))
        return True

    def checked(self, event: Checked) -> bool:
        """Take in a check; return whether it may have changed something."""
        way = self.ways.checked(event)
        if way is not None and not way.is_ours:
            self._forget(event.source, event.route.endpoint)
        return way is not None

    def after_check(self, scope: str, state: ScopeState, event: Checked) -> ScopeState:
        """Return the state of a scope after a check that was taken in."""
        endpoint = event.route.endpoint
        way = self.ways.of(event.source, endpoint)
        if way is None or not self.ways.are_ours(state.evidence, endpoint):
            return self.ways.informed(state, endpoint, state.evidence.heard)
        own = _of_way(way)
        cleared = after_own_side(state, event.at_s, f"our own side: {own.reason}")
        if cleared is not state:
            self.present.setdefault(scope, own)
        return cleared

    def informed(
        self, state: ScopeState, scope: str, sources: Collection[str]
    ) -> ScopeState:
        """Return the state with what checks have shown of those machines' ways."""
        return self.ways.informed(state, endpoint_of(scope), sources)

    def referenced(self, reference: ReferenceState) -> None:
        """Take in what the reference says by now."""
        if reference.failing_since_s is None or reference.blocked:
            kept = {k: own for k, own in self.present.items() if not own.by_reference}
            self.present = kept

    def cleared_by(
        self, reference: ReferenceState, scope: str, event: Referenced
    ) -> None:
        """Note that the reference has explained the run of a scope."""
        since_s = reference.failing_since_s
        own = OwnSide(
            event.at_s if since_s is None else since_s,
            "our own network: the reference host does not answer either "
            f"(asked from {event.source})",
            event.source,
            by_reference=True,
        )
        self.present.setdefault(scope, own)

    def _forget(
        self, source: str, endpoint: str, *, by_reference: bool = False
    ) -> None:
        """Forget what trying that machine's way has shown, and no longer does.

        Also what the reference has shown of the machine, if `by_reference`.
        """
        self.present = {
            scope: own
            for scope, own in self.present.items()
            if own.source != source
            or (
                not by_reference if own.by_reference else endpoint_of(scope) != endpoint
            )
        }


def _of_way(way: Way) -> OwnSide:
    told = "" if way.finding is None else way.finding.told
    return OwnSide(
        way.own_since_s or 0.0, f"{told} (tried from {way.source})", way.source
    )
