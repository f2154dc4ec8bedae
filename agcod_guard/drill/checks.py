"""Compare what the guard found with what the program and the simulator know. Pure.

The program's log decides what happened: the outage is its longest run of failed
calls to the broken endpoint. Every check states a promise and says whether it
was kept, with the figures it goes by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from agcod_guard.drill.file_checks import (
    drill_is_named,
    no_secret,
    packet_is_complete,
    packet_says_so,
)
from agcod_guard.drill.findings import Check, Findings, Truth, no_incident
from agcod_guard.drill.program import SUCCESS
from agcod_guard.drill.story import BROKEN, HEALTHY
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.simulator.client import Attempt
from agcod_guard.simulator.truth import Entry

TOLERANCE_S = 0.05
"""How far the first failure may be from the program's own stamp."""

_SAME_CALL_S = 1.0


def checked(findings: Findings, truth: Truth) -> tuple[Check, ...]:
    """Return every check of a drill."""
    outage = longest_failure(truth.attempts)
    return (
        one_incident(findings),
        is_closed(findings),
        first_failure(findings, outage, truth.entries),
        sample(findings, truth.attempts),
        counts(findings, outage),
        nothing_lost(findings, truth.attempts),
        packet_is_complete(findings),
        packet_says_so(findings),
        drill_is_named(findings),
        no_secret(findings, truth.entries),
        replay_agrees(findings),
    )


def longest_failure(attempts: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """Return the longest run of failed calls to the broken endpoint."""
    runs: list[list[Attempt]] = [[]]
    for attempt in attempts:
        if attempt.endpoint != BROKEN:
            continue
        if attempt.result == SUCCESS:
            runs.append([])
        else:
            runs[-1].append(attempt)
    longest = max(runs, key=len)
    return tuple(longest)


def one_incident(findings: Findings) -> Check:
    """Check that the broken endpoint has one incident and the other none."""
    made = Counter(each.scope.endpoint.region for each in findings.incidents)
    told = f"{BROKEN.upper()} {made[BROKEN]}, {HEALTHY.upper()} {made[HEALTHY]}"
    return Check(
        f"one incident, of {BROKEN.upper()} and of nothing else",
        made == {BROKEN: 1},
        told,
    )


def is_closed(findings: Findings) -> Check:
    """Check that the incident has ended."""
    promise = "the incident is closed"
    if (incident := findings.incident) is None:
        return no_incident(promise)
    ended_s = incident.resolved_at_s
    detail = incident.stage.value if ended_s is None else f"at {_time(ended_s)}"
    return Check(promise, incident.stage is Stage.RESOLVED, detail)


def first_failure(
    findings: Findings, outage: tuple[Attempt, ...], entries: Iterable[Entry]
) -> Check:
    """Check the time of the first failure against the program's own stamp.

    A program that a busy machine keeps waiting stamps a call late. Then the
    moment lies between the simulator's answer and the program's stamp.
    """
    promise = "first failure: the end of the first failed call, within 50 ms"
    incident = findings.incident
    if incident is None or not outage:
        return no_incident(promise)
    first, found_s = outage[0], incident.first_failed_at_s
    apart_s = found_s - first.ended_at_s
    kept = abs(apart_s) <= TOLERANCE_S or any(
        entry.answered_at_s is not None
        and first.started_at_s <= entry.answered_at_s <= found_s <= first.ended_at_s
        for entry in entries
        if _is_same(entry, first)
    )
    return Check(promise, kept, f"{_time(found_s)}, {1000 * apart_s:+.1f} ms")


def sample(findings: Findings, attempts: Iterable[Attempt]) -> Check:
    """Check that the sample is a failed order of the program's."""
    promise = "sample: a failed EU order of the program, its time and error"
    call = findings.dossier.sample_call if findings.dossier else None
    if call is None or call.request_id is None:
        return Check(promise, False, "no sample")
    known = any(
        attempt.endpoint == BROKEN
        and attempt.request_id == call.request_id
        and attempt.result == call.error
        and abs(attempt.started_at_s - call.started_at_s) <= _SAME_CALL_S
        for attempt in attempts
    )
    return Check(promise, known, f"{call.request_id}, {call.error}")


def counts(findings: Findings, outage: tuple[Attempt, ...]) -> Check:
    """Check calls, failed calls and different orders."""
    promise = "calls, failed calls and orders: those of the program's log"
    dossier = findings.dossier
    if dossier is None:
        return no_incident(promise)
    orders = {it.request_id for it in outage if it.request_id}
    nameless = sum(it.request_id is None for it in outage)
    ours = dossier.calls, dossier.failed, dossier.failed_orders
    theirs = len(outage), len(outage), len(orders) + nameless
    told = "{} calls, {} failed, {} orders".format(*ours)
    if ours != theirs:
        told += "; the program has {}, {}, {}".format(*theirs)
    return Check(promise, ours == theirs, told)


def nothing_lost(findings: Findings, attempts: Iterable[Attempt]) -> Check:
    """Check that the journal has every call of the program, and no other."""
    ours = Counter(
        (call.endpoint.region, call.operation, call.request_id)
        for call in findings.recorded
    )
    theirs = Counter((it.endpoint, it.operation, it.request_id) for it in attempts)
    lost, more = (theirs - ours).total(), (ours - theirs).total()
    told = f"{ours.total()} calls"
    if lost or more:
        told += f"; {lost} are missing, {more} too many"
    return Check("every call of the program is on record", ours == theirs, told)


def replay_agrees(findings: Findings) -> Check:
    """Check that the journal alone leads to the same incident."""
    promise = "replay: the same incident, to the millisecond"

    def facts(incidents: Iterable[Incident]) -> list[tuple[str, int]]:
        return sorted(
            (each.incident_id, round(1000 * each.first_failed_at_s))
            for each in incidents
        )

    found = facts(findings.replayed)
    return Check(
        promise,
        bool(found) and found == facts(findings.incidents),
        ", ".join(name for name, _ in found) or "no incident",
    )


def _is_same(entry: Entry, attempt: Attempt) -> bool:
    return (
        entry.region == attempt.endpoint
        and entry.operation == attempt.operation
        and entry.request_id == attempt.request_id
    )


def _time(at_s: float) -> str:
    moment = datetime.fromtimestamp(at_s, UTC)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
