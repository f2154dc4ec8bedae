"""What each machine knows of its own way to an endpoint that fails it. Pure.

A check of ours is believed only as far as the failing calls say the same of
themselves. Where a check finds no name but calls wait in vain for an answer, the
check stands where they do not, in a container with no way out perhaps, and tells
nothing. Nor does one of another route than theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from agcod_guard.call import Outcome, Trouble
from agcod_guard.outage.detector import after_marks
from agcod_guard.outage.events import Checked, Ended
from agcod_guard.outage.evidence import MAX_SOURCES, Evidence
from agcod_guard.outage.path import Finding, Route
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import ScopeState

_FAULT, _ANSWER = Outcome.FAULT, Trouble.ANSWER  # see detector.py
_CAME_THROUGH = (None, _ANSWER)

MOST_TOLD = 5
"""Machines whose findings are told of a scope."""


class Way(Struct, frozen=True, omit_defaults=True):
    """One machine's way to one endpoint, since an answer last came along it.

    Attributes:
        route: The way of the newest failing call.
        source: The machine.
        marked: That call was answered by Amazon itself.
        trouble: How far the failing calls came, as the newest one that told says.
        finding: What the last check of the route has shown; None before it.
        own_since_s: First of the checks in a row that show our own side broken;
            None if the last does not.
        is_ours: They have shown it for long enough.
        open_at_s: Last check that came through; None if the last did not.
    """

    route: Route
    source: str
    marked: bool = False
    trouble: Trouble | None = None
    finding: Finding | None = None
    own_since_s: float | None = None
    is_ours: bool = False
    open_at_s: float | None = None

    def after_failure(self, event: Ended) -> Way:
        """Return the way after one more technical failure."""
        if event.origin != self.route.origin or event.via != self.route.via:
            return first_way(event)
        trouble = _trouble_of(event) or self.trouble
        since_s = self.own_since_s
        if since_s is not None and not self._agrees(self.finding, trouble):
            since_s = None
        elif trouble is self.trouble and event.marked is self.marked:
            return self  # nearly every failure is like the one before
        return replace(
            self,
            trouble=trouble,
            marked=event.marked,
            own_since_s=since_s,
            is_ours=self.is_ours and since_s is not None,
        )

    def after_check(self, event: Checked, policy: OutagePolicy) -> Way:
        """Return the way after one more check of it."""
        if event.route != self.route:
            return self
        found, before = event.finding, self.finding
        since_s = None
        if self._agrees(found, self.trouble) and not self.marked:
            since_s = event.at_s if self.own_since_s is None else self.own_since_s
        held_s = 0.0 if since_s is None else event.at_s - since_s
        proves = found.is_open and self.route.via == ""
        # After one that failed it takes two: one in thirty is no open way.
        proves = proves and (before is None or before.is_open)
        return replace(
            self,
            finding=found,
            own_since_s=since_s,
            is_ours=since_s is not None and held_s >= policy.reference_failing_s,
            open_at_s=event.at_s if proves else None,
        )

    @property
    def proven_at_s(self) -> float | None:
        """When the way that the calls go was last proven to be open."""
        if self.open_at_s is None or self.trouble not in _CAME_THROUGH:
            return None
        return self.open_at_s

    @staticmethod
    def _agrees(finding: Finding | None, trouble: Trouble | None) -> bool:
        return finding is not None and trouble in finding.own_trouble


def first_way(event: Ended) -> Way:
    """Return what is known of a way when the first call along it has failed."""
    route = Route(endpoint_of(event.scope), event.origin, event.via)
    return Way(route, event.source, event.marked, _trouble_of(event))


_NONE: Mapping[str, Way] = {}


class Ways:
    """The ways of all machines to the endpoints that fail them.

    Changed in place, like the `Fold` that owns it. Where all is well it is empty.
    """

    def __init__(
        self,
        policy: OutagePolicy,
        ways: Mapping[str, Mapping[str, Way]] | None = None,
    ) -> None:
        """Begin with `ways`, by machine and by the endpoint's name."""
        self._policy = policy
        self._ways = {source: dict(those) for source, those in (ways or {}).items()}

    @property
    def all_well(self) -> bool:
        """Whether no call of anybody has failed since the last answer."""
        return not self._ways

    def at_rest(self) -> dict[str, dict[str, Way]]:
        """Return what a checkpoint keeps."""
        return {source: dict(those) for source, those in self._ways.items()}

    def of(self, source: str, endpoint: str) -> Way | None:
        """Return a machine's way; None while no call of it fails."""
        return self._ways.get(source, _NONE).get(endpoint)

    def answered(self, event: Ended) -> None:
        """Forget the way: a call along it came to its end as it should."""
        ways = self._ways.get(event.source)
        if ways is not None:
            ways.pop(endpoint_of(event.scope), None)
            if not ways:
                del self._ways[event.source]

    def failed(self, event: Ended) -> Way:
        """Take in a technical failure; return what is known of its way."""
        if event.source not in self._ways and len(self._ways) >= MAX_SOURCES:
            del self._ways[next(iter(self._ways))]
        ways = self._ways.setdefault(event.source, {})
        endpoint = endpoint_of(event.scope)
        known = ways.get(endpoint)
        way = first_way(event) if known is None else known.after_failure(event)
        ways[endpoint] = way
        return way

    def checked(self, event: Checked) -> Way | None:
        """Take in a check; return what is known of its way, if anything is."""
        ways = self._ways.get(event.source, {})
        known = ways.get(event.route.endpoint)
        if known is None:
            return None
        way = ways[event.route.endpoint] = known.after_check(event, self._policy)
        return way

    def are_ours(self, evidence: Evidence, endpoint: str) -> bool:
        """Whether every machine that failed in the run has its own side broken."""
        failing = {*evidence.failing, *(each.source for each in evidence.waiting)}
        ways = [self.of(source, endpoint) for source in failing]
        return bool(ways) and all(way is not None and way.is_ours for way in ways)

    def informed(
        self, state: ScopeState, endpoint: str, sources: Iterable[str]
    ) -> ScopeState:
        """Return the state with what checks have shown of those machines' ways."""
        proven_s = state.evidence.proof_at_s
        for source in sources:
            way = self._ways.get(source, _NONE).get(endpoint)
            at_s = None if way is None else way.proven_at_s
            if at_s is not None and (proven_s is None or at_s > proven_s):
                proven_s = at_s
        if proven_s is None or proven_s == state.evidence.proof_at_s:
            return state
        return after_marks(state, proven_s, policy=self._policy)

    def tried(self, evidence: Evidence, endpoint: str) -> tuple[str, ...]:
        """Return what trying the ways of the failing machines has shown last."""
        ways = (self.of(source, endpoint) for source in evidence.failing)
        return tuple(
            f"tried from {way.source}: {way.finding.told}"
            for way in ways
            if way is not None and way.finding is not None
        )[:MOST_TOLD]

    def to_check(self, source: str, suspected: Collection[str]) -> list[Route]:
        """Return the routes of a machine that are to be tried.

        Those whose failures nothing has explained yet; of `suspected` endpoints
        also those on which Amazon itself told that it fails.
        """
        return [
            way.route
            for endpoint, way in self._ways.get(source, {}).items()
            if way.route.address and (not way.marked or endpoint in suspected)
        ]


def endpoint_of(scope: str) -> str:
    """Return the short name of a scope's endpoint."""
    return scope.rpartition("/")[2]


def _trouble_of(event: Ended) -> Trouble | None:
    """Return how far a failing call came; one that was answered came through."""
    return _ANSWER if event.outcome is _FAULT else event.trouble
