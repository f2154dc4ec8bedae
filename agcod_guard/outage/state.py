"""What is thought of a scope: its phase, the run so far, the outage it is in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from agcod_guard.call import Scope
from agcod_guard.outage.evidence import Evidence


class Phase(StrEnum):
    """What is thought of a scope at present."""

    OK = "OK"
    SUSPECT = "SUSPECT"
    OUTAGE = "OUTAGE"
    RECOVERING = "RECOVERING"


TIMED = (Phase.SUSPECT, Phase.RECOVERING)
"""The phases that may end by time alone."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationTransition:
    """One operation of a scope is down while others succeed, or no longer.

    It is no outage, opens no incident and pages nobody: it is for the partner's
    own people.

    Attributes:
        scope: Account and endpoint.
        operation: The operation.
        is_down: Whether it is down from now on.
        at_s: Earliest time at which that held, seconds since the Unix epoch.
        reason: Why, in one sentence with numbers.
        first_failed_at_s: First failure of the run that made it down, likewise.
    """

    scope: Scope
    operation: str
    is_down: bool
    at_s: float
    reason: str
    first_failed_at_s: float


class Outage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an outage that was declared; becomes an incident.

    Attributes:
        first_failed_at_s: First failure of the run that made it.
        first_failed_wall_ns: Wall clock in that call's end frame.
        first_call_id: That call.
        opened_at_s: When the conditions first held.
        last_success_at_s: Last success before; None if none is known.
        first_success_at_s: First success since it was last down; None while
            it is down.
        successes: Successes since then.
        relapses: How often it came back.
        path_proven: Our way to Amazon was known to be open when it opened.
        answered: Failures that were answered, when it opened.
        silent: Failures that got no answer, when it opened.
        probes: Our own test calls that had failed, when it opened.
        reference_usable: A reference could have spoken against us.
        confirmed: Enough of our own test calls had failed when it was last
            declared; after a relapse those of before count no more.
        tried: What trying our own way had shown when it opened.
    """

    first_failed_at_s: float
    first_failed_wall_ns: int
    first_call_id: str
    opened_at_s: float
    last_success_at_s: float | None = None
    first_success_at_s: float | None = None
    successes: int = 0
    relapses: int = 0
    path_proven: bool = False
    answered: int = 0
    silent: int = 0
    probes: int = 0
    reference_usable: bool = False
    confirmed: bool = False
    tried: tuple[str, ...] = ()


class ScopeState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything known of one scope; its JSON is what a checkpoint keeps.

    Attributes:
        phase: What is thought of it.
        since_s: Since when; None when it was never otherwise.
        reason: Why, in one sentence.
        evidence: The run so far.
        outage: The outage that is open; None when there is none.
    """

    phase: Phase = Phase.OK
    since_s: float | None = None
    reason: str = "no failure seen"
    evidence: Evidence = Evidence()
    outage: Outage | None = None
