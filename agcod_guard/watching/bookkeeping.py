"""Keep the books that people ask for later: orders in doubt, troubles of accounts.

They follow the same frames as the fold, once each and in the same order, and what
has changed in them is saved together with the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from agcod_guard.call import Call, Outcome
from agcod_guard.frames import Begin, End, call_of
from agcod_guard.incident.doubt import DoubtBook
from agcod_guard.incident.troubles import TroubleBook
from agcod_guard.journal.stream import Taken
from agcod_guard.journal.unended import UnderWay, Unended, call_overdue, restamped
from agcod_guard.ports import NO_BOOKS, Books
from agcod_guard.protocol.operations import OPERATIONS

_SUCCESS, _ACCOUNT = Outcome.SUCCESS, Outcome.ACCOUNT  # see outage/detector.py


class BooksState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a checkpoint keeps of the books, besides their rows.

    Attributes:
        under_way: Calls begun that are not overdue yet.
        passed_over: Orders in doubt that are not told apart.
    """

    under_way: list[UnderWay] = []
    passed_over: int = 0


class Bookkeeper:
    """Keeps the books of the process that acts.

    Args:
        wall_s: Turns a time on the fold's axis into seconds since the epoch.
        overdue_s: How long after its start a call counts as failed.
        state: What a checkpoint kept; None where everything is followed anew.
        books: What the ladder kept; of one that is made anew, only what is older.
    """

    def __init__(
        self,
        wall_s: Callable[[float], float],
        *,
        overdue_s: float,
        state: BooksState | None = None,
        books: Books = NO_BOOKS,
    ) -> None:
        state = state or BooksState()
        self._wall_s, self._overdue_s = wall_s, overdue_s
        self._doubts = DoubtBook(books.orders, passed_over=state.passed_over)
        self._troubles = TroubleBook(books.troubles)
        self._unended = Unended(overdue_s, all_ends=True, under_way=state.under_way)

    def follow(self, taken: Iterable[Taken], until_s: float) -> None:
        """Take in frames in their order, and let time pass up to `until_s`."""
        for each in taken:
            if isinstance(each.frame, Begin) and _may_matter(each.frame):
                self._count_overdue(each.event.at_s)
                self._follow_one(each.frame, each)
        self._count_overdue(until_s)

    def changed(self) -> Books:
        """Return the rows that have changed since `forget_changed`."""
        return Books(tuple(self._doubts.changed()), tuple(self._troubles.changed()))

    def forget_changed(self) -> None:
        """Note that the ladder keeps what has changed."""
        self._doubts.forget_changed()
        self._troubles.forget_changed()

    def at_rest(self) -> BooksState:
        """Return what a checkpoint must keep."""
        return BooksState(
            under_way=self._unended.under_way(), passed_over=self._doubts.passed_over
        )

    def _follow_one(self, frame: Begin, taken: Taken) -> None:
        if not isinstance(frame, End):
            self._unended.began(UnderWay(frame, taken.event.at_s, taken.source))
        elif self._unended.ended(frame) and self._may_change(frame):
            call = call_of(frame, taken.source)
            self._hear(restamped(call, self._wall_s(taken.event.at_s)))

    def _may_change(self, end: End) -> bool:
        """Whether any book can change: a success matters only to what is in doubt."""
        return end.outcome is not _SUCCESS or self._doubts.has_open

    def _count_overdue(self, until_s: float) -> None:
        for begun in self._unended.until(until_s):
            ended_at_s = self._wall_s(begun.at_s + self._overdue_s)
            self._hear(
                call_overdue(begun, ended_at_s, overdue_s=self._overdue_s),
                has_ended=False,
            )

    def _hear(self, call: Call, *, has_ended: bool = True) -> None:
        self._doubts.follow(call, has_ended=has_ended)
        self._troubles.follow(call)


def _may_matter(frame: Begin) -> bool:
    """Whether a call changes anything at Amazon's, or was refused for the account."""
    if isinstance(frame, End) and frame.outcome is _ACCOUNT:
        return True
    known = OPERATIONS.get(frame.operation)
    return not frame.probe and not (known is not None and known.read_only)
