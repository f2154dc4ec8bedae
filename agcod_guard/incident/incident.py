"""One firing outage and its life: opened, recovering, resolved. Pure.

An incident is named after the region, the first failure and the first failing
call, never after anything a request carries, so that a replay of the same
journal names it the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from agcod_guard.call import Endpoint, Environment, Scope
from agcod_guard.incident.verdict import Verdict, verdict_of
from agcod_guard.outage.state import Outage, Phase


class Stage(StrEnum):
    """Where an incident is in its life."""

    OPEN = "open"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One outage of one scope, from its first failure to its end.

    Times are wall-clock seconds since the Unix epoch.

    Attributes:
        incident_id: `20261122T111505Z-eu-` and 4 hex digits.
        scope: Account and endpoint that are down.
        first_failed_at_s: Completion of the first technically failed call
            since the last success.
        first_call_id: That call.
        opened_at_s: When the conditions of an outage held.
        last_success_at_s: Last success before; None if none is known.
        first_success_at_s: First success after; None while it lasts.
        resolved_at_s: When it was closed; None while it is open.
        relapses: How often the outage came back before it was closed.
        verdict: Whose outage it is.
        reasons: Why the verdict says so; one sentence each.
        confirmed: Enough of our own test calls failed as well.
        revision: How often the packet has been written.
        missing: Labels of the items in it that a person has to fill in.
        drill: A rehearsal; never concerns Amazon.
    """

    incident_id: str
    scope: Scope
    first_failed_at_s: float
    first_call_id: str
    opened_at_s: float
    last_success_at_s: float | None = None
    first_success_at_s: float | None = None
    resolved_at_s: float | None = None
    relapses: int = 0
    verdict: Verdict = Verdict.UNCLEAR
    reasons: tuple[str, ...] = ()
    confirmed: bool = False
    revision: int = 0
    missing: tuple[str, ...] = ()
    drill: bool = False

    @property
    def stage(self) -> Stage:
        """Where the incident is in its life."""
        if self.resolved_at_s is not None:
            return Stage.RESOLVED
        return Stage.OPEN if self.first_success_at_s is None else Stage.RECOVERING

    @property
    def concerns_amazon(self) -> bool:
        """Whether it may ever be sent to Amazon: production and no drill."""
        production = self.scope.endpoint.environment is Environment.PRODUCTION
        return production and not self.drill


def incident_id(
    scope: Scope, *, first_failed_at_s: float, first_failed_wall_ns: int
) -> str:
    """Return the name of the incident that began with that call.

    Args:
        scope: Account and endpoint.
        first_failed_at_s: First failure as reported, seconds since the epoch.
        first_failed_wall_ns: Wall clock in the failing call's end frame.
    """
    stamp = datetime.fromtimestamp(first_failed_at_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    facts = f"{scope.account}\n{scope.endpoint}\n{first_failed_wall_ns}"
    digest = hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{stamp}-{_file_safe(scope.endpoint)}-{digest[:4]}"


def _file_safe(endpoint: Endpoint) -> str:
    return re.sub(r"[^a-z0-9]", "", endpoint.region.lower())[:16] or "other"


def opened(
    scope: Scope, outage: Outage, *, wall_s: Callable[[float], float], drill: bool
) -> Incident:
    """Return the incident that a declared outage makes.

    Args:
        scope: Account and endpoint.
        outage: The outage, with times on the fold's axis.
        wall_s: Turns a time on that axis into seconds since the epoch.
        drill: It is a rehearsal.
    """
    first_failed_at_s = wall_s(outage.first_failed_at_s)
    last_s = outage.last_success_at_s
    verdict, reasons = verdict_of(outage)
    return Incident(
        incident_id=incident_id(
            scope,
            first_failed_at_s=first_failed_at_s,
            first_failed_wall_ns=outage.first_failed_wall_ns,
        ),
        scope=scope,
        first_failed_at_s=first_failed_at_s,
        first_call_id=outage.first_call_id,
        opened_at_s=wall_s(outage.opened_at_s),
        last_success_at_s=None if last_s is None else wall_s(last_s),
        verdict=verdict,
        reasons=reasons,
        confirmed=outage.confirmed,
        drill=drill,
    )


def followed(
    incident: Incident, phase: Phase, at_s: float, *, confirmed: bool = False
) -> Incident:
    """Return the incident after its scope has changed to `phase`.

    Args:
        incident: As it was.
        phase: What is thought of the scope now.
        at_s: Since when, seconds since the epoch.
        confirmed: Of a relapse: enough of our own test calls failed in it.
    """
    if phase is Phase.OUTAGE:
        return replace(
            incident,
            first_success_at_s=None,
            relapses=incident.relapses + 1,
            confirmed=confirmed,
        )
    if phase is Phase.RECOVERING:
        return replace(incident, first_success_at_s=at_s)
    return replace(incident, resolved_at_s=at_s)
