"""Judge every operation of a scope beside the scope as a whole. Pure.

An operation is down when it meets the condition of an outage by itself, from the
same evidence, while others of its scope succeed. That is no outage: Amazon's
pager is for those. It is a matter for the partner's own people.

While the whole scope is down none of its operations is: what they failed until
then is the scope's, and their runs begin anew with its recovery.

`Operations` is changed in place, like the `Fold` that owns it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
from agcod_guard.outage.state import TIMED, Outage, ScopeState

_NEW = ScopeState()
_NEVER = float("inf")


class Operations:
    """States of the operations of all scopes, as far as the events go.

    Attributes:
        states: State by operation, by the scope's text. One that has an outage of
            its own is down.
    """

    def __init__(
        self,
        policy: OutagePolicy,
        marks: Marks,
        states: Mapping[str, Mapping[str, ScopeState]] | None = None,
    ) -> None:
        """Begin with `states`; `marks` are those of the fold."""
        self._policy, self._marks = policy, marks
        self.states = {scope: dict(those) for scope, those in (states or {}).items()}
        self._due_s: dict[str, float] = {}
        for scope in self.states:
            self._note_due(scope)

    def at_rest(self) -> dict[str, dict[str, ScopeState]]:
        """Return what a checkpoint keeps."""
        return {scope: dict(states) for scope, states in self.states.items()}

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
        state = states.setdefault(operation, _NEW)
        if not event.marked and event.outcome in TECHNICAL_FAILURES:
            state = self._marks.informed(state, (event.source,))
        changed = after_call(state, event, reference=reference, policy=self._policy)
        if changed.phase is state.phase:
            states[operation] = changed
        else:
            self._set(scope, operation, changed, moves)

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
        succeeded_at_s: float | None,
        reference: ReferenceState,
    ) -> None:
        """Let time pass for the operations of a scope.

        Args:
            scope: The scope's text.
            until_s: The time up to which nothing more happens to the scope.
            moves: What changes goes here.
            succeeded_at_s: The scope's last success; None if none is known.
            reference: What the reference has told.
        """
        for operation, state in self.states.get(scope, {}).items():
            if state.phase in TIMED:
                later = settled_operation(
                    state,
                    until_s,
                    succeeded_at_s=succeeded_at_s,
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

    def _note_due(self, scope: str) -> None:
        """Remember until when nobody need look whether time has changed something."""
        self._due_s[scope] = min(
            earliest_change_s(state, self._policy)
            for state in self.states[scope].values()
        )
