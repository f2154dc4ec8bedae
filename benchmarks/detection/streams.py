"""A labelled stream of calls, and the truth about it. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from agcod_guard.call import TECHNICAL_FAILURES, Outcome, Trouble
from benchmarks.detection.answers import FOREVER
from benchmarks.detection.world import World

OVERDUE_S = 60.0
"""A call that has not ended by then counts as failed at that moment."""

SETTLED_S = 12.0
"""Calls on their way when an outage begins have all ended by then."""

HOME = "shop-1"
"""The machine whose guard watches, asks the reference and probes."""


class Sent(Struct, frozen=True, gc=False):
    """One call of the partner.

    Attributes:
        start_s: When it was sent.
        end_s: When it ended; infinite if it never does.
        scope: Account and endpoint.
        operation: AGCOD operation.
        order: The partner's id, shared by all attempts.
        outcome: What it came to.
        marked: Whether the answer carries Amazon's marks.
        source: The machine that sent it.
        late_s: How long its frames take to reach the guard that watches.
        trouble: How far it came, if no answer came and the client told.
    """

    start_s: float
    end_s: float
    scope: str
    operation: str
    order: str
    outcome: Outcome
    marked: bool
    source: str
    late_s: float = 0.0
    trouble: Trouble | None = None

    @property
    def failed_at_s(self) -> float | None:
        """When it counts as a technical failure; None if it does not."""
        if self.end_s - self.start_s > OVERDUE_S:
            return self.start_s + OVERDUE_S
        return self.end_s if self.outcome in TECHNICAL_FAILURES else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """What a family says of an outage: when not one call can succeed.

    Attributes:
        scope: What is down.
        begin_s: From when on failures may belong to it; a ramp begins here.
        end_s: Calls sent from then on succeed again.
        settled_s: From when on no call that is sent succeeds.
        lull_s: When it first lets up, if it does so before its end.
        is_beginning_known: Whether its first failure can be told at all: not if
            clocks are wrong, or frames come later than anybody waits.
    """

    scope: str
    begin_s: float
    end_s: float
    settled_s: float | None = None
    lull_s: float | None = None
    is_beginning_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A real outage that must be paged, once.

    Attributes:
        scope: What is down.
        begin_s: A page before this time is false; until `onset_s`, early.
        onset_s: Completion of the first failing call after the last success.
        end_s: Completion of the first success after it; the run's end if none.
        is_beginning_known: Whether its first failure can be told at all.
    """

    scope: str
    begin_s: float
    onset_s: float
    end_s: float
    is_beginning_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One stream, and what is true of it.

    Attributes:
        family: Which family it belongs to.
        variant: Which member of it.
        world: What a probe or the reference would have met at any time.
        calls: All calls, in the order of their end.
        outages: What must be paged.
        operations_down: Scope and operation that must raise that alert.
        own_operations_fail: By the partner's own doing all orders of an operation
            fail while test calls succeed: that alert may be raised.
        until_s: When the run ends.
        rate: Orders a second, on average, in the scope that matters.
        restarts: When the watching process starts anew from its checkpoint.
        wall_steps: When the wall clock is set, and by how many seconds.
        ahead: Seconds by which a machine's clock is ahead of the watching one's.
        home: The machine that watches.
    """

    family: str
    variant: str
    world: World
    calls: Sequence[Sent]
    until_s: float
    rate: float
    outages: tuple[Outage, ...] = ()
    operations_down: tuple[tuple[str, str], ...] = ()
    own_operations_fail: bool = False
    restarts: tuple[float, ...] = ()
    wall_steps: tuple[tuple[float, float], ...] = ()
    ahead: Mapping[str, float] = field(default_factory=dict)
    home: str = HOME

    @property
    def name(self) -> str:
        """Family and variant."""
        return f"{self.family}/{self.variant}" if self.variant else self.family


def outage_of(down: Down, calls: Iterable[Sent], *, until_s: float) -> Outage:
    """Return the truth about an outage, from the calls that met it.

    Raises:
        ValueError: The calls contradict the family: one succeeded meanwhile, or
            none failed.
    """
    met = [call for call in calls if call.scope == down.scope]
    settled_s = down.begin_s + SETTLED_S if down.settled_s is None else down.settled_s
    lull_s = down.end_s if down.lull_s is None else down.lull_s
    last_s = float("-inf")
    for call in met:
        if call.outcome is Outcome.SUCCESS and call.start_s < lull_s:
            if call.start_s >= settled_s:
                raise ValueError(f"a call succeeds at {call.start_s} in {down}")
            last_s = max(last_s, call.end_s)
    after_s = max(last_s, down.begin_s)
    failures = (call.failed_at_s for call in met)
    failed = [at_s for at_s in failures if at_s is not None and at_s > after_s]
    if not failed:
        raise ValueError(f"no call fails in {down}")
    ended = [
        call.end_s
        for call in met
        if call.outcome is Outcome.SUCCESS
        and call.start_s >= down.end_s
        and call.end_s != FOREVER
    ]
    return Outage(
        scope=down.scope,
        begin_s=down.begin_s,
        onset_s=min(failed),
        end_s=min(ended, default=until_s),
        is_beginning_known=down.is_beginning_known,
    )


def wall_ns(run: Run, at_s: float) -> int:
    """Return what the wall clock says at a time of the run's axis."""
    steps = sum(step_s for since_s, step_s in run.wall_steps if since_s <= at_s)
    return round((at_s + steps) * 1e9)
