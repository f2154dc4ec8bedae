"""What a checkpoint keeps of the watch, and what others may read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from agcod_guard.call import Scope
from agcod_guard.frames import Header
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.outage.state import Phase, ScopeState
from agcod_guard.ports import Books, Checkpoint, Ladder
from agcod_guard.watching.bookkeeping import Bookkeeper, BooksState
from agcod_guard.watching.reckoning import ReckoningState

REFOLDED_S = 86_400.0
"""Without a checkpoint, this much of the journal is folded anew."""


class WatchState(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint keeps.

    Attributes:
        reckoning: The fold, and where to read on.
        told: Per scope, the phase last told and since when (wall clock).
        epoch_s: Wall time at which the axis stands at 0.
        owed: Incidents whose files do not tell their last change yet.
        books: What the books need besides their rows.
        pages_asked: Per scope, the tier of Amazon's that waits for a person.
        told_operations: Per scope, the operations that were told to be down, and
            the first failure of each (wall clock).
        told_own: Per scope, what was told to be broken on our own side.
        saved_at_s: When this was kept (wall clock); 0 in what an older version kept.
    """

    reckoning: ReckoningState
    told: dict[str, tuple[Phase, float]]
    epoch_s: float
    owed: list[str] = []
    books: BooksState = BooksState()
    pages_asked: dict[str, int] = {}
    told_operations: dict[str, dict[str, float]] = {}
    told_own: dict[str, str] = {}
    saved_at_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScope:
    """What a checkpoint tells of a scope; times in seconds since the epoch."""

    scope: Scope
    phase: Phase = Phase.OK
    first_failed_at_s: float | None = None
    last_failed_at_s: float | None = None
    last_success_at_s: float | None = None
    operations_down: tuple[str, ...] = ()
    own_side: bool = False
    page_asked: int = 0


def kept_scopes(state: WatchState | None) -> list[KeptScope]:
    """Return the scopes as they were when `state` was kept; none if nothing is."""
    if state is None:
        return []

    def wall(at_s: float | None) -> float | None:
        return None if at_s is None else at_s + state.epoch_s

    # A phase is told before the calls that it follows from are at rest.
    scopes = dict.fromkeys(state.told, ScopeState()) | state.reckoning.fold.scopes
    return [
        KeptScope(
            scope=Scope.parse(scope),
            phase=state.told.get(scope, (Phase.OK, 0.0))[0],
            first_failed_at_s=wall(kept.evidence.first_failed_at_s),
            last_failed_at_s=wall(kept.evidence.last_failed_at_s),
            last_success_at_s=wall(kept.evidence.last_success_at_s),
            operations_down=tuple(state.told_operations.get(scope, ())),
            own_side=scope in state.told_own,
            page_asked=state.pages_asked.get(scope, 0),
        )
        for scope, kept in scopes.items()
    ]


def kept_reckoning(checkpoint: Checkpoint, header: Header) -> ReckoningState | None:
    """Return what can be gone on from; None if its clock was another boot's."""
    state = state_in(checkpoint)
    same_boot = checkpoint.boot_id == header.boot_id
    return state.reckoning if state is not None and same_boot else None


def kept_bookkeeper(
    ladder: Ladder,
    wall_s: Callable[[float], float],
    *,
    state: WatchState | None,
    since_s: float,
    overdue_s: float,
) -> Bookkeeper:
    """Return who goes on keeping the books.

    Args:
        ladder: Keeps their rows.
        wall_s: Turns a time on the axis into seconds since the epoch.
        state: What the checkpoint keeps, if the reckoning goes on from there;
            None if all is folded anew.
        since_s: From which wall time on it is; rows from before are gone on from.
        overdue_s: How long after its start a call counts as failed.

    Raises:
        DataError: The ladder cannot be read.
    """
    orders = ladder.orders()
    if state is None:
        books = Books([each for each in orders if each.first_at_s < since_s])
    else:
        books = Books(orders, ladder.troubles())
    return Bookkeeper(
        wall_s,
        overdue_s=overdue_s,
        state=None if state is None else state.books,
        books=books,
    )


def folded_since_s(
    checkpoint: Checkpoint | None,
    header: Header,
    *,
    incidents: Iterable[Incident],
    now_s: float,
) -> float:
    """Return from which wall time on the journal is to be folded.

    Args:
        checkpoint: The last one; None if there is none.
        header: Says whose boot is the axis.
        incidents: All that is known; an open one is folded from its beginning.
        now_s: The present, wall clock.
    """
    if checkpoint is not None and kept_reckoning(checkpoint, header) is not None:
        return float("-inf")
    open_since_s = [
        each.first_failed_at_s for each in incidents if each.stage is not Stage.RESOLVED
    ]
    return min([now_s - REFOLDED_S, *open_since_s])


def state_in(checkpoint: Checkpoint) -> WatchState | None:
    """Return what the checkpoint keeps; None if another version wrote it."""
    try:
        return msgspec.json.decode(checkpoint.state, type=WatchState)
    except msgspec.MsgspecError:
        return None
