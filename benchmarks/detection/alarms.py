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
        is_page: Whether Amazon would be told: for the rule with probes, that
            they failed as well and that the fault is not our own.
        paged_s: When that was known; None if it is no page.
    """

    scope: str
    opened_s: float
    recovered_s: float | None = None
    closed_s: float | None = None
    first_failed_s: float | None = None
    paged_s: float | None = None
