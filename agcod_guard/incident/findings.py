"""Set out the evidence that stands below Amazon's items in the packet. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from agcod_guard.call import Call, Outcome
from agcod_guard.incident.dossier import Dossier
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.layout import (
    count,
    gmt_ms,
    identifier,
    length,
    money,
    plain,
    wrapped,
)
from agcod_guard.incident.narrative import elsewhere, score
from agcod_guard.incident.tally import MOST_ORDERS, ErrorCount, Latency
from agcod_guard.incident.tried_ways import tried_ways
from agcod_guard.incident.verdict import Verdict

_VERDICTS = {
    Verdict.AMAZON: "The failure is on Amazon's side.",
    Verdict.OURS: "The failure is on our own side.",
    Verdict.UNCLEAR: "It cannot be told yet on whose side the failure is.",
}
_IN_STEP_S = 2.0
_SKEWED_S = 240.0
_REFUSED_S = 300.0
_RECENT_S = 3_600.0
_LISTED = 4

Changes = tuple[tuple[float, str], ...]


def evidence(
    incident: Incident, dossier: Dossier, *, now_s: float, changes: Changes = ()
) -> list[str]:
    """Return the lines of the evidence, section by section.

    `now_s` is told only while the incident is open: a closed one's packet does
    not change any more. `changes` are the partner's own: when and what.
    """
    sections = {
        "Times": _times(incident, dossier, now_s=now_s),
        "Errors": _errors(dossier),
        "Time to answer": _latencies(dossier),
        "Failed orders": _examples(dossier),
        "Our own test calls": _probes(dossier),
        "Other endpoints and accounts meanwhile": _others(incident, dossier),
        "Our own way to AGCOD": tried_ways(dossier.tried_ways),
        "Our clock": [_clock(dossier)],
        "Headers sent but not signed": _unsigned(dossier),
        "Our verdict": _verdict(incident, dossier, changes),
        "Not checked, not known": _unknown(dossier),
    }
    lines = [f"EVIDENCE for incident {incident.incident_id} (all times GMT)"]
    for title, paragraphs in sections.items():
        lines += ["", title]
        for paragraph in paragraphs:
            lines += wrapped(paragraph, first="  ", rest="    ")
    return lines


def _times(incident: Incident, dossier: Dossier, *, now_s: float) -> Iterator[str]:
    marks = {
        "last success before": dossier.last_success_at_s,
        "first failure": incident.first_failed_at_s,
        "outage declared": incident.opened_at_s,
        "latest failure": dossier.last_failed_at_s,
        "first success after": incident.first_success_at_s,
        "incident closed": incident.resolved_at_s,
    }
    if incident.stage is not Stage.RESOLVED:
        marks["this packet written"] = now_s
    known = [(at_s, mark) for mark, at_s in marks.items() if at_s is not None]
    for at_s, mark in sorted(known, key=itemgetter(0)):
        yield f"{gmt_ms(at_s)} - {mark}"
    if incident.first_success_at_s is not None:
        lasted_s = incident.first_success_at_s - incident.first_failed_at_s
        yield f"The outage lasted {length(lasted_s)}."
    if incident.relapses:
        yield f"Calls succeeded and failed again {count(incident.relapses, 'time')}."


def _errors(dossier: Dossier) -> Iterator[str]:
    for error in dossier.errors:
        yield _error(error)
    if not dossier.errors:
        yield "none on record"


def _error(error: ErrorCount) -> str:
    refusal = "" if error.technical else ", a refusal"
    return (
        f"{plain(error.error)} - {count(error.calls, 'call')}, "
        f"{count(error.orders, 'order')}{refusal}, from "
        f"{gmt_ms(error.first_at_s)} to {gmt_ms(error.last_at_s)}"
    )


def _latencies(dossier: Dossier) -> Iterator[str]:
    yield f"in the hour before: {_latency(dossier.latency_before)}"
    yield f"during the outage: {_latency(dossier.latency_since)}"


def _latency(latency: Latency | None) -> str:
    if latency is None:
        return "no calls"
    return (
        f"half within {latency.p50_s:.2f} s, 95 % within {latency.p95_s:.2f} s, "
        f"longest {latency.max_s:.2f} s ({count(latency.calls, 'call')})"
    )


def _examples(dossier: Dossier) -> Iterator[str]:
    for call in dossier.failed_examples:
        yield _example(call)
    if not dossier.failed_examples:
        yield "none on record"


def _example(call: Call) -> str:
    face = "" if call.amount is None else f" {money(call.amount, call.currency)}"
    order = identifier(call.request_id or "") or "(no request ID)"
    amazons = identifier(call.amzn_request_id or "none")
    return (
        f"{order}: "
        f"{identifier(call.operation)}{face}, {plain(call.error or '')}, "
        f"{gmt_ms(call.ended_at_s)}, x-amzn-RequestId {amazons}"
    )


def _probes(dossier: Dossier) -> list[str]:
    return [score(dossier.probes) if dossier.probes.calls else "none were made"]


def _others(incident: Incident, dossier: Dossier) -> list[str]:
    lines = [elsewhere(other, incident) for other in dossier.others]
    return lines or ["no calls were made"]


def _clock(dossier: Dossier) -> str:
    offset_s = dossier.clock_offset_s
    if offset_s is None:
        return "not compared: no answer on record has a Date header"
    answers = count(dossier.clock_answers, "answer")
    if abs(offset_s) < _IN_STEP_S:
        return f"agrees with the Date header of {answers}"
    where = "ahead of" if offset_s > 0 else "behind"
    warning = ""
    if abs(offset_s) >= _SKEWED_S:
        warning = "; requests this far off are refused as wrongly signed"
    return f"{abs(offset_s):,.0f} s {where} the Date header of {answers}{warning}"


def _unsigned(dossier: Dossier) -> Iterator[str]:
    unsigned = dossier.unsigned
    if unsigned is None:
        yield "not known: no sampled request names its signed headers"
        return
    yield _names(unsigned.named)
    if unsigned.transport:
        yield f"added by client or proxy, harmless: {_names(unsigned.transport)}"


def _names(headers: tuple[str, ...]) -> str:
    return ", ".join(map(identifier, headers)) or "none"


def _verdict(incident: Incident, dossier: Dossier, changes: Changes) -> Iterator[str]:
    confirmed = "Confirmed" if incident.confirmed else "Not confirmed"
    yield f"{_VERDICTS[incident.verdict]} {confirmed} by test calls of our own."
    for reason in incident.reasons:
        yield f"- {plain(reason)}"
    for circumstance in _circumstances(incident, dossier, changes):
        yield f"- {circumstance}"


def _circumstances(
    incident: Incident, dossier: Dossier, changes: Changes
) -> Iterator[str]:
    """Yield what speaks for one side or the other, and decides nothing."""
    offset_s = dossier.clock_offset_s
    if offset_s is not None and abs(offset_s) > _REFUSED_S:
        yield f"Our clock is {abs(offset_s):,.0f} s off: enough to be refused for it."
    if dossier.unsigned is not None and dossier.unsigned.named:
        yield "Headers were sent that our signature does not cover (see above)."
    since_s = incident.first_failed_at_s - _RECENT_S
    recent = [at_s for at_s, _ in changes if since_s <= at_s <= incident.opened_at_s]
    if recent:
        changed = count(len(recent), "change")
        yield f"{changed} of ours shortly before (see the first screen)."
    for other in dossier.others[:_LISTED]:
        yield f"Meanwhile {elsewhere(other, incident)}."


def _unknown(dossier: Dossier) -> Iterator[str]:
    if dossier.outcomes.get(Outcome.NO_ANSWER):
        yield "- whether a card was issued where no response came"
    if not dossier.probes.calls:
        yield "- a test call without a customer's order: none were made"
    if not dossier.others:
        yield "- whether other endpoints work: no calls were made to any"
    if dossier.clock_offset_s is None:
        yield "- our clock against Amazon's"
    if dossier.orders_truncated:
        yield f"- the exact number of orders, after the first {MOST_ORDERS:,}"
    yield "- the signature of the sample: it is masked before anything is stored"
