"""What a detector has raised: one value for the rule and for its peers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Alarm:
    """One alarm of one detector.

    Attributes:
        scope: What it is about.
        opened_s: When somebody could first have been told.
        recovered_s: When it first said that it may be over; None while it lasts.
        closed_s: When it let go; None while it lasts.
        first_failed_s: When it says that the failing began; None if it does not.
        first_failed_wall_ns: The same by the wall clock.
        paged_s: When Amazon could have been told: for the rule with probes, once
            they have failed as well and unless the fault is our own. None if
            never.
    """

    scope: str
    opened_s: float
    recovered_s: float | None = None
    closed_s: float | None = None
    first_failed_s: float | None = None
    first_failed_wall_ns: int | None = None
    paged_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationAlarm:
    """One operation was said to be down while others of its scope succeed.

    Attributes:
        scope: Whose it is.
        operation: The operation.
        at_s: When somebody could first have been told.
    """

    scope: str
    operation: str
    at_s: float
