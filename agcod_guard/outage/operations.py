"""Judge every operation of a scope beside the scope as a whole. Pure.

An operation is down when it meets the condition of an outage by itself, from the
same evidence, while another of its scope succeeds. That is no outage: Amazon's
pager is for those. It is a matter for the partner's own people.

Where all operations fail often, each of them has its long runs of failures, the
one least used above all. So an operation that is itself failing shows nothing of
another: of its calls, lately, one in ten may fail.

While the whole scope is down none of its operations is: what they failed until
then is the scope's, and their runs begin anew with its recovery.

`Operations` is changed in place, like the `Fold` that owns it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from agcod_guard.call import TECHNICAL_FAILURES
from agcod_guard.outage.detector import (
    after_call,
    after_reference,
    after_veto,
    earliest_change_s,
    settled_operation,
)
from agcod_guard.outage.events import Ended
from agcod_guard.outage.evidence import without_run
from agcod_guard.outage.marks import Marks
from agcod_guard.outage.moves import Change, operation_move_to
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.reference import ReferenceState
from agcod_guard.outage.state import Outage, ScopeState

MOST_FAILING = 0.1
"""Share of failures, lately, above which an operation's success shows nothing."""

_LATELY = 1 / 20
"""Weight of the newest call in that share."""

_FORGOTTEN = 0.02
_NEW = ScopeState()
_NEVER = float("inf")


class OperationsState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The operations of all scopes at rest; as the attributes of `Operations`."""

    states: dict[str, dict[str, ScopeState]] = {}
    failing: dict[str, dict[str, float]] = {}


class Operations:
    """States of the operations of all scopes, as far as the events go.

    Attributes:
        states: State by operation, by the scope's text. One that has an outage of
            its own is down.
        failing: Share of calls that failed lately, likewise, where some did.
    """

    def __init__(
        self,
        policy: OutagePolicy,
        marks: Marks,
        state: OperationsState | None = None,
    ) -> None:
        """Begin where `state` was kept; `marks` are those of the fold."""
        self._policy, self._marks = policy, marks
        kept = OperationsState() if state is None else state
        self.states = {scope: dict(those) for scope, those in kept.states.items()}
        self.failing = {scope: dict(those) for scope, those in kept.failing.items()}
        self._due_s: dict[str, float] = {}
        for scope in self.states:
            self._note_due(scope)

    def at_rest(self) -> OperationsState:
        """Return what a checkpoint keeps."""
        return OperationsState(
            states={scope: dict(states) for scope, states in self.states.items()},
            failing={scope: dict(shares) for scope, shares in self.failing.items()},
        )

    def state_of(self, scope: str, operation: str) -> ScopeState:
        """Return the operation's state, a new one's if it was never called."""
        return self.states.get(scope, {}).get(operation, _NEW)

    def down(self) -> Iterator[tuple[str, str, Outage]]:
        """Yield the operations that are down: scope, name, and since when."""
        for scope, states in self.states.items():
            for operation, state in states.items():
                if state.outage is not None:
                    yield scope, operation, state.outage

    def is_due(self, scope: str, at_s: float) -> bool:
        """Whether time alone may have changed an operation of the scope by then."""
        return at_s >= self._due_s.get(scope, _NEVER)

    def after_call(
        self, event: Ended, moves: list[Change], *, reference: ReferenceState
    ) -> None:
        """Take in one more call to a scope that is not down itself."""
        scope, operation = event.scope, event.operation
        states = self.states.get(scope)
        if states is None:
            states = self.states[scope] = {}
        before = state = states.setdefault(operation, _NEW)
        if event.outcome in TECHNICAL_FAILURES:
            self._note_share(event, failed=True)
            if not event.marked:
                state = self._marks.informed(state, (event.source,))
        elif self.failing and operation in self.failing.get(scope, ()):
            self._note_share(event, failed=False)
        state = after_call(state, event, reference=reference, policy=self._policy)
        if state.phase is before.phase:
            states[operation] = state
        else:
            self._set(scope, operation, state, moves)

    def after_veto(self, scope: str, event: Ended, moves: list[Change]) -> None:
        """Take in a success of an unknown account at the scope's endpoint."""
        state = self.states.get(scope, {}).get(event.operation)
        if state is not None:
            self._set(scope, event.operation, after_veto(state, event), moves)

    def after_reference(
        self,
        scope: str,
        at_s: float,
        moves: list[Change],
        *,
        reference: ReferenceState,
    ) -> None:
        """Take in a reference check."""
        for operation, state in self.states.get(scope, {}).items():
            if state.evidence.first_failed_at_s is not None:
                checked = after_reference(
                    self._marks.informed(state, state.evidence.heard),
                    at_s,
                    reference=reference,
                    policy=self._policy,
                )
                self._set(scope, operation, checked, moves)

    def settle(
        self,
        scope: str,
        until_s: float,
        moves: list[Change],
        *,
        reference: ReferenceState,
    ) -> None:
        """Let time pass for the operations of a scope.

        Args:
            scope: The scope's text.
            until_s: The time up to which nothing more happens to the scope.
            moves: What changes goes here.
            reference: What the reference has told.
        """
        for operation, state in self.states.get(scope, {}).items():
            if earliest_change_s(state, self._policy) <= until_s:
                later = settled_operation(
                    state,
                    until_s,
                    succeeded_at_s=self._others_succeeded_s(scope, operation),
                    reference=reference,
                    policy=self._policy,
                )
                self._set(scope, operation, later, moves)
        self._note_due(scope)

    def give_way(self, scope: str, at_s: float, moves: list[Change]) -> None:
        """Forget the runs of a scope's operations: the whole scope is down."""
        for operation, state in self.states.get(scope, {}).items():
            if state.evidence.first_failed_at_s is not None or state.outage is not None:
                given_way = ScopeState(
                    since_s=at_s,
                    reason="no operation succeeds: the whole account is down",
                    evidence=without_run(state.evidence, at_s),
                )
                self._set(scope, operation, given_way, moves)

    def _set(
        self, scope: str, operation: str, state: ScopeState, moves: list[Change]
    ) -> None:
        states = self.states[scope]
        before, states[operation] = states[operation], state
        if state.phase is before.phase:
            return
        self._note_due(scope)
        move = operation_move_to(scope, operation, state, before=before)
        if move is not None:
            moves.append(move)

    def _note_share(self, event: Ended, *, failed: bool) -> None:
        """Weigh one more call of an operation in the share that fails."""
        shares = self.failing.setdefault(event.scope, {})
        share = shares.pop(event.operation, 0.0)
        share += (failed - share) * _LATELY
        if share >= _FORGOTTEN:
            shares[event.operation] = share
        elif not shares:
            del self.failing[event.scope]

    def _others_succeeded_s(self, scope: str, operation: str) -> float | None:
        """Return the last success of another operation that is not failing itself."""
        failing = self.failing.get(scope, {})
        times_s = [
            state.evidence.last_success_at_s
            for other, state in self.states[scope].items()
            if other != operation and failing.get(other, 0.0) <= MOST_FAILING
        ]
        return max((at_s for at_s in times_s if at_s is not None), default=None)

    def _note_due(self, scope: str) -> None:
        """Remember until when nobody need look whether time has changed something."""
        self._due_s[scope] = min(
            earliest_change_s(state, self._policy)
            for state in self.states[scope].values()
        )
