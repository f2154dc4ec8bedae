"""What the guard is told of a run's calls, and when it hears of it."""

from __future__ import annotations

from collections.abc import Iterator

from agcod_guard.outage.events import Began, Ended, Event
from benchmarks.detection.answers import FOREVER, Answer
from benchmarks.detection.streams import Run, Sent, wall_ns
from benchmarks.detection.world import PROBED

NOTABLE_S = 30.0
"""A call at least this long is told of when it is sent, a shorter one at its end:
that it has begun says nothing that its end does not say better."""


def events_of(run: Run) -> Iterator[tuple[float, Event]]:
    """Yield every event of a run with the time at which its frame arrives."""
    for number, call in enumerate(run.calls):
        call_id = f"{number:016x}"
        if call.end_s - call.start_s >= NOTABLE_S:
            yield call.start_s + call.late_s, _began(run, call, call_id)
        if call.end_s != FOREVER:
            yield call.end_s + call.late_s, _ended(run, call, call_id)


def probed(run: Run, scope: str, answer: Answer, *, end_s: float, number: int) -> Ended:
    """Return the end of the guard's own `number`-th test call."""
    return Ended(
        at_s=end_s,
        wall_ns=wall_ns(run, end_s),
        scope=scope,
        order=f"probe{number}",
        call_id=f"{number + 2**32:016x}",
        source=run.home,
        probe=True,
        outcome=answer.outcome,
        marked=answer.marked,
        operation=PROBED,
        trouble=answer.trouble,
        via="",
    )


def _began(run: Run, call: Sent, call_id: str) -> Began:
    return Began(
        at_s=call.start_s + run.ahead.get(call.source, 0.0),
        wall_ns=wall_ns(run, call.start_s),
        scope=call.scope,
        order=call.order,
        call_id=call_id,
        source=call.source,
        probe=False,
        operation=call.operation,
        via="",
    )


def _ended(run: Run, call: Sent, call_id: str) -> Ended:
    return Ended(
        at_s=call.end_s + run.ahead.get(call.source, 0.0),
        wall_ns=wall_ns(run, call.end_s),
        scope=call.scope,
        order=call.order,
        call_id=call_id,
        source=call.source,
        probe=False,
        outcome=call.outcome,
        marked=call.marked,
        operation=call.operation,
        trouble=call.trouble,
        via="",
    )
