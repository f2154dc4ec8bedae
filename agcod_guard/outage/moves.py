"""What a fold tells: a scope has changed its phase, or an operation is down. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from agcod_guard.call import Scope
from agcod_guard.outage.state import (
    OperationTransition,
    Outage,
    Phase,
    ScopeState,
)


class Move(Struct, frozen=True, kw_only=True):
    """A scope has changed its phase, on the fold's own axis.

    Attributes:
        scope: The scope's text.
        before: The phase it left.
        after: The phase it is in now.
        at_s: Earliest time at which the new phase's condition held.
        reason: Why, in one sentence.
        first_failed_at_s: First failure of the run; None when there is none.
        outage: The outage it belongs to, also when it has just ended.
    """

    scope: str
    before: Phase
    after: Phase
    at_s: float
    reason: str
    first_failed_at_s: float | None
    outage: Outage | None


class OperationMove(Struct, frozen=True, kw_only=True):
    """An operation of a scope is down from now on, or no longer.

    It opens no incident and pages nobody.

    Attributes:
        scope: The scope's text.
        operation: The operation.
        is_down: Whether it is down from now on.
        at_s: Earliest time at which that held.
        reason: Why, in one sentence.
        first_failed_at_s: First failure of the run that made it down.
    """

    scope: str
    operation: str
    is_down: bool
    at_s: float
    reason: str
    first_failed_at_s: float


Change = Move | OperationMove


def of_scopes(changes: Iterable[Change]) -> list[Move]:
    """Return the changes of whole scopes: what can become an incident."""
    return [each for each in changes if isinstance(each, Move)]


def of_operations(changes: Iterable[Change]) -> list[OperationMove]:
    """Return the changes of single operations."""
    return [each for each in changes if isinstance(each, OperationMove)]


def move_to(
    scope: str, state: ScopeState, *, before: Phase, outage: Outage | None
) -> Move:
    """Return the move that brought `scope` from `before` into `state`."""
    first_s = state.evidence.first_failed_at_s
    if outage is not None:
        first_s = outage.first_failed_at_s
    return Move(
        scope=scope,
        before=before,
        after=state.phase,
        at_s=moved_at_s(state),
        reason=state.reason,
        first_failed_at_s=first_s,
        outage=outage,
    )


def operation_move_to(
    scope: str, operation: str, state: ScopeState, *, before: ScopeState
) -> OperationMove | None:
    """Return the move that brought an operation into `state`; None if none did."""
    outage = state.outage or before.outage
    if outage is None or (state.outage is None) is (before.outage is None):
        return None
    return OperationMove(
        scope=scope,
        operation=operation,
        is_down=state.outage is not None,
        at_s=moved_at_s(state),
        reason=state.reason,
        first_failed_at_s=outage.first_failed_at_s,
    )


def operation_transition_of(
    move: OperationMove, *, wall_s: Callable[[float], float]
) -> OperationTransition:
    """Return what people are told of a move; `wall_s` turns its times to wall."""
    return OperationTransition(
        scope=Scope.parse(move.scope),
        operation=move.operation,
        is_down=move.is_down,
        at_s=wall_s(move.at_s),
        reason=move.reason,
        first_failed_at_s=wall_s(move.first_failed_at_s),
    )


def moved_at_s(state: ScopeState) -> float:
    """Return since when it is in its phase."""
    return state.evidence.changed_at_s if state.since_s is None else state.since_s
