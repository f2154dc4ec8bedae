"""Calls begun and not ended: the only trace of one that hangs, or whose process died.

Pure. Begins and ends come in the order of their time; a call counts as failed
once it is overdue, and its end may come after that.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from agcod_guard.call import Call, Outcome
from agcod_guard.frames import Begin, End, overdue_call

_NEVER = float("inf")

MOST_COUNTED = 100_000
"""Overdue calls whose end may still come; one that died never ends."""


class UnderWay(msgspec.Struct, frozen=True, array_like=True):
    """A call that has begun.

    Attributes:
        begin: Its begin frame.
        at_s: When, on the axis.
        source: Machine that makes it.
    """

    begin: Begin
    at_s: float
    source: str


class Unended:
    """The calls under way, those begun first before others.

    Args:
        overdue_s: How long after its start a call counts as failed.
        all_ends: Also count the failure that an overdue call ends in; a
            success counts in any case.
        under_way: Calls that had begun before.
    """

    def __init__(
        self,
        overdue_s: float,
        *,
        all_ends: bool = False,
        under_way: Iterable[UnderWay] = (),
    ) -> None:
        self._overdue_s, self._all_ends = overdue_s, all_ends
        self._begun = OrderedDict((each.begin.call_id, each) for each in under_way)
        self._counted: OrderedDict[str, None] = OrderedDict()
        self._due_s = self._first_due_s()

    def began(self, call: UnderWay) -> None:
        """Remember a call that has begun."""
        self._begun[call.begin.call_id] = call
        self._due_s = min(self._due_s, call.at_s + self._overdue_s)

    def ended(self, end: End) -> bool:
        """Return whether this end still counts: not if it came too late.

        A success always does; it shows that the order was carried out.
        """
        self._begun.pop(end.call_id, None)
        late = end.call_id in self._counted
        self._counted.pop(end.call_id, None)
        return not late or self._all_ends or end.outcome is Outcome.SUCCESS

    def until(self, at_s: float) -> Iterable[UnderWay]:
        """Return the calls that are overdue by then, the oldest first; each once."""
        return () if at_s < self._due_s else self._overdue(at_s)

    def under_way(self) -> list[UnderWay]:
        """Return the calls that are not overdue yet."""
        return list(self._begun.values())

    def _overdue(self, at_s: float) -> Iterator[UnderWay]:
        while self._begun and self._first_due_s() <= at_s:
            call_id, call = self._begun.popitem(last=False)
            self._counted[call_id] = None
            if len(self._counted) > MOST_COUNTED:
                self._counted.popitem(last=False)
            yield call
        self._due_s = self._first_due_s()

    def _first_due_s(self) -> float:
        first = next(iter(self._begun.values()), None)
        return _NEVER if first is None else first.at_s + self._overdue_s


def restamped(call: Call, ended_at_s: float) -> Call:
    """Return the call on the incident's scale, whatever the wall clock did."""
    return replace(
        call, started_at_s=ended_at_s - call.duration_s, ended_at_s=ended_at_s
    )


def call_overdue(call: UnderWay, ended_at_s: float, *, overdue_s: float) -> Call:
    """Return what a call stands for that has not ended `overdue_s` after its start.

    Args:
        call: The call under way.
        ended_at_s: When it became overdue, seconds since the epoch.
        overdue_s: How long that is after its start.
    """
    return restamped(
        overdue_call(call.begin, call.source, overdue_s=overdue_s), ended_at_s
    )
