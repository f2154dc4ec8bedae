"""Decide when AGCOD is down for us, and when it is up again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agcod_guard.call import Scope


class Phase(StrEnum):
    """What is thought of a scope at present."""

    OK = "OK"
    SUSPECT = "SUSPECT"
    OUTAGE = "OUTAGE"
    RECOVERING = "RECOVERING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A scope has changed its phase.

    Attributes:
        scope: Account and endpoint.
        before: The phase it left.
        after: The phase it is in now.
        at_s: Earliest time at which the new phase's condition held; seconds
            since the Unix epoch once it leaves `watch`.
        reason: Why, in one sentence with numbers.
        first_failed_at_s: First failure of the run, same clock; None when
            there is no run.
        incident_id: The incident it belongs to; None when there is none.
    """

    scope: Scope
    before: Phase
    after: Phase
    at_s: float
    reason: str
    first_failed_at_s: float | None = None
    incident_id: str | None = None
