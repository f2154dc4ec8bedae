"""Fold a stream of events, in the order of their time, into states. Pure.

The fold knows every scope, the calls that have begun and not ended, and the
reference. A call that has not ended `overdue_s` after its start counts as a
failure at that moment; its end, if it comes, is one more event.

A `Fold` is changed in place, because a million events go through it; `copied`
gives an independent one, so that the newest events, which may still be joined
by late ones, are folded on a copy and folded again later.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

import msgspec

from agcod_guard.call import TECHNICAL_FAILURES, UNKNOWN_ACCOUNT, Outcome
from agcod_guard.outage.detector import (
    after_call,
    after_reference,
    after_veto,
    settled,
)
from agcod_guard.outage.events import Began, Checked, Ended, Event, Referenced
from agcod_guard.outage.marks import Marks
from agcod_guard.outage.moves import Change, move_to, moved_at_s
from agcod_guard.outage.operations import Operations, OperationsState
from agcod_guard.outage.own_side import OwnSide, OwnSides
from agcod_guard.outage.path import Route
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.reference import ReferenceState
from agcod_guard.outage.state import TIMED, Phase, ScopeState
from agcod_guard.outage.ways import Way, endpoint_of

MAX_OPEN_CALLS = 100_000
"""Calls under way that are watched; more than that is no longer one machine."""

_SUCCESS, _OUTAGE = Outcome.SUCCESS, Phase.OUTAGE  # see detector.py
_UNKNOWN = f"{UNKNOWN_ACCOUNT}/"
_NEVER = float("inf")


class FoldState(msgspec.Struct, frozen=True, kw_only=True):
    """A fold at rest: what a checkpoint keeps.

    Attributes:
        scopes: State per scope, by the scope's text.
        begun: Calls under way, by call id.
        reference: What the reference has told.
        marks: Last answer that was Amazon's, by the machine that got it: it
            succeeded, or bore Amazon's marks.
        until_s: Time up to which all is folded.
        operations: The operations of every scope.
        ways: What each machine knows of its way to endpoints that fail it.
        own: What is broken on our own side, by the scope's text.
    """

    scopes: dict[str, ScopeState]
    begun: dict[str, Began]
    reference: ReferenceState
    until_s: float
    marks: dict[str, float] = {}
    operations: OperationsState = OperationsState()
    ways: dict[str, dict[str, Way]] = {}
    own: dict[str, OwnSide] = {}


class Fold:
    """States of all scopes, as far as the events go.

    Attributes:
        scopes: State per scope, by the scope's text.
        operations: The operations of every scope.
        own: What is broken on our own side.
        reference: What the reference has told.
        until_s: Time up to which all is folded.
    """

    def __init__(self, policy: OutagePolicy) -> None:
        self._policy = policy
        self._begun: dict[str, Began] = {}
        self._newest_begun_s = -_NEVER
        self._has_late_begun = False
        self._next_overdue_s = _NEVER
        self._marks = Marks(policy)
        self.scopes: dict[str, ScopeState] = {}
        self.operations = Operations(policy, self._marks)
        self.own = OwnSides(policy)
        self.reference = ReferenceState()
        self.until_s = float("-inf")

    @classmethod
    def resumed(cls, state: FoldState, policy: OutagePolicy) -> Fold:
        """Return a fold that goes on from where `state` was kept."""
        fold = cls(policy)
        fold.scopes, fold.reference = dict(state.scopes), state.reference
        fold._begun, fold.until_s = dict(state.begun), state.until_s
        fold._marks = Marks(policy, state.marks)
        fold.operations = Operations(policy, fold._marks, state.operations)
        fold.own = OwnSides(policy, state.ways, state.own)
        newest = next(reversed(fold._begun.values()), None)
        fold._newest_begun_s = -_NEVER if newest is None else newest.at_s
        fold._set_next_overdue()
        return fold

    def at_rest(self) -> FoldState:
        """Return everything this fold knows, as a value."""
        return FoldState(
            scopes=dict(self.scopes),
            begun=dict(self._begun_in_order()),
            reference=self.reference,
            until_s=self.until_s,
            marks=self._marks.at_rest(),
            operations=self.operations.at_rest(),
            ways=self.own.ways.at_rest(),
            own=dict(self.own.present),
        )

    @property
    def has_run(self) -> bool:
        """Whether calls of some scope have failed since its last success."""
        return bool(self.own.present) or any(
            state.evidence.first_failed_at_s is not None
            for state in self.scopes.values()
        )

    def routes_to_check(self, source: str) -> list[Route]:
        """Return the ways of that machine which are to be tried now.

        None to an endpoint that is down: that is decided.
        """
        by_phase: dict[Phase, set[str]] = {phase: set() for phase in Phase}
        for scope, state in self.scopes.items():
            by_phase[state.phase].add(endpoint_of(scope))
        routes = self.own.ways.to_check(source, by_phase[Phase.SUSPECT])
        return [each for each in routes if each.endpoint not in by_phase[Phase.OUTAGE]]

    def copied(self) -> Fold:
        """Return an independent fold that stands where this one does."""
        return Fold.resumed(self.at_rest(), self._policy)

    def fold(self, events: Iterable[Event], until_s: float) -> list[Change]:
        """Take in the events, oldest first, and let time pass up to `until_s`.

        Returns:
            What changed, in the order of time, on the fold's own axis.
        """
        moves: list[Change] = []
        for event in events:
            if event.at_s >= self._next_overdue_s:
                self._count_overdue(event.at_s, moves)
            if isinstance(event, Ended):
                self._end(event, moves)
            elif isinstance(event, Began):
                self._begin(event)
            elif isinstance(event, Referenced):
                self._refer(event, moves)
            elif self.own.checked(event):
                self._check(event, moves)
        if until_s >= self._next_overdue_s:
            self._count_overdue(until_s, moves)
        for scope in self.scopes:
            self._settle(scope, until_s, moves)
        self.until_s = max(self.until_s, until_s)
        moves.sort(key=lambda move: move.at_s)
        return moves

    def _begin(self, event: Began) -> None:
        if len(self._begun) >= MAX_OPEN_CALLS:
            return
        self._begun[event.call_id] = event
        if event.at_s < self._newest_begun_s:
            self._has_late_begun = True
        else:
            self._newest_begun_s = event.at_s
        self._next_overdue_s = min(
            self._next_overdue_s, event.at_s + self._policy.overdue_s
        )

    def _end(self, event: Ended, moves: list[Change]) -> None:
        self._begun.pop(event.call_id, None)
        scope, succeeded = event.scope, event.outcome is _SUCCESS
        if succeeded and scope.startswith(_UNKNOWN):
            self._veto(event, moves)
        state = self.scopes.get(scope)
        if state is None:
            state = self.scopes[scope] = ScopeState()
        if state.phase in TIMED or self.operations.is_due(scope, event.at_s):
            state = self._settle(scope, event.at_s, moves)
        if succeeded or event.marked:
            self._marks.note(event.source, event.at_s)
            self.own.came_through(event)
        elif event.outcome in TECHNICAL_FAILURES:
            if self.own.explains(event, state):
                event = msgspec.structs.replace(event, outcome=Outcome.ABANDONED)
            state = self._marks.informed(state, (event.source,))
            state = self.own.informed(state, scope, (event.source,))
        state = after_call(state, event, reference=self.reference, policy=self._policy)
        self._set(scope, state, moves)
        if state.phase is not _OUTAGE:
            self.operations.after_call(event, moves, reference=self.reference)

    def _veto(self, event: Ended, moves: list[Change]) -> None:
        """A success of nobody in particular speaks for its whole endpoint."""
        endpoint = event.scope.removeprefix(_UNKNOWN)
        for scope in self.scopes:
            if scope != event.scope and scope.endswith("/" + endpoint):
                state = self._settle(scope, event.at_s, moves)
                self._set(scope, after_veto(state, event), moves)
                self.operations.after_veto(scope, event, moves)

    def _check(self, event: Checked, moves: list[Change]) -> None:
        for scope in self.scopes:
            if endpoint_of(scope) == event.route.endpoint:
                state = self._settle(scope, event.at_s, moves)
                self._set(scope, self.own.after_check(scope, state, event), moves)

    def _refer(self, event: Referenced, moves: list[Change]) -> None:
        proven_s = self._marks.last_s(event.source)
        self.reference = self.reference.after(event, proven_s, self._policy)
        self.own.referenced(self.reference)
        for scope in self.scopes:
            state = self._settle(scope, event.at_s, moves)
            changed = after_reference(
                self._marks.informed(state, state.evidence.heard),
                event.at_s,
                reference=self.reference,
                policy=self._policy,
            )
            if changed.evidence.first_failed_at_s != state.evidence.first_failed_at_s:
                self.own.cleared_by(self.reference, scope, event)
            self._set(scope, changed, moves)
            self.operations.after_reference(
                scope, event.at_s, moves, reference=self.reference
            )

    def _count_overdue(self, until_s: float, moves: list[Change]) -> None:
        overdue_s = self._policy.overdue_s
        due = takewhile(
            lambda begun: begun.at_s + overdue_s <= until_s,
            self._begun_in_order().values(),
        )
        for begun in tuple(due):
            self._end(_overdue(begun, overdue_s), moves)
        self._set_next_overdue()

    def _set_next_overdue(self) -> None:
        first = next(iter(self._begun_in_order().values()), None)
        first_s = _NEVER if first is None else first.at_s
        self._next_overdue_s = first_s + self._policy.overdue_s

    def _begun_in_order(self) -> dict[str, Began]:
        """Return the calls under way, those begun first before others.

        They come in order but for late ones, so that with thousands of calls
        that hang nobody need go through all of them at each event.
        """
        if self._has_late_begun:
            self._begun = dict(sorted(self._begun.items(), key=_begun_at_s))
            self._has_late_begun = False
        return self._begun

    def _settle(self, scope: str, until_s: float, moves: list[Change]) -> ScopeState:
        before = self.scopes[scope]
        state = settled(before, until_s, reference=self.reference, policy=self._policy)
        is_new_outage = state is not before and state.phase is Phase.OUTAGE
        if self.operations.is_due(scope, until_s):
            self.operations.settle(
                scope,
                moved_at_s(state) if is_new_outage else until_s,
                moves,
                reference=self.reference,
            )
        if is_new_outage:
            self.operations.give_way(scope, moved_at_s(state), moves)
            state = self._with_what_was_tried(scope, state)
        self._set(scope, state, moves)
        return state

    def _with_what_was_tried(self, scope: str, state: ScopeState) -> ScopeState:
        outage = state.outage
        if outage is None or outage.relapses:
            return state
        tried = self.own.ways.tried(state.evidence, endpoint_of(scope))
        outage = msgspec.structs.replace(outage, tried=tried)
        return msgspec.structs.replace(state, outage=outage)

    def _set(self, scope: str, state: ScopeState, moves: list[Change]) -> None:
        before = self.scopes[scope]
        if state is before:
            return
        self.scopes[scope] = state
        if state.phase is not before.phase:
            outage = state.outage or before.outage
            moves.append(move_to(scope, state, before=before.phase, outage=outage))


def _begun_at_s(item: tuple[str, Began]) -> float:
    return item[1].at_s


def _overdue(begun: Began, overdue_s: float) -> Ended:
    return Ended(
        at_s=begun.at_s + overdue_s,
        wall_ns=begun.wall_ns + round(overdue_s * 1e9),
        scope=begun.scope,
        order=begun.order,
        call_id=begun.call_id,
        source=begun.source,
        probe=begun.probe,
        outcome=Outcome.NO_ANSWER,
        marked=False,
        operation=begun.operation,
        origin=begun.origin,
        via=begun.via,
    )
