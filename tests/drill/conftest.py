"""A small drill that went well: what really happened, and what was found."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from agcod_guard.call import Call, Endpoint, Environment, Outcome, Scope
from agcod_guard.drill.findings import Findings, Truth
from agcod_guard.drill.story import BANNER
from agcod_guard.frames import Sample
from agcod_guard.incident.dossier import DossierBuilder
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.items import Reporter, items
from agcod_guard.incident.packet import packet_files
from agcod_guard.simulator.client import Attempt
from agcod_guard.simulator.truth import Entry

START_S = 1_795_346_105.123
"""2026-11-22 11:15:05.123 GMT: the end of the first failed call."""

F500 = "F500 GeneralError"
LASTED_S = 0.2
LATE_S = 0.0004
"""So much later than the guard the program notes that a call has ended."""

CREATE, FUNDS = "CreateGiftCard", "GetAvailableFunds"


def _attempt(at_s: float, request_id: str | None, result: str, **changes) -> Attempt:
    """A call to EU whose answer came `at_s` after the first failure."""
    facts = {
        "endpoint": "eu",
        "operation": CREATE if request_id else FUNDS,
        "request_id": request_id,
        "started_at_s": START_S + at_s - LASTED_S,
        "ended_at_s": START_S + at_s + LATE_S,
        "result": result,
        "status": None if result == "ReadTimeout" else 200,
    }
    return Attempt(**(facts | changes))


def _entry(attempt: Attempt, sequence: int) -> Entry:
    made = attempt.result == "SUCCESS" and attempt.operation == CREATE
    return Entry(
        sequence=sequence,
        region=attempt.endpoint,
        operation=attempt.operation,
        request_id=attempt.request_id,
        partner_id="Drill",
        received_at_s=attempt.started_at_s + 0.01,
        answered_at_s=attempt.ended_at_s - 0.01,
        answered=attempt.result,
        card_created=made,
        claim_code=f"{sequence % 10}AAA-BBBBBB-CCCC" if made else None,
    )


def _call(attempt: Attempt, number: int) -> Call:
    """The guard's view of an attempt."""
    success = attempt.result == "SUCCESS"
    timeout = attempt.result == "ReadTimeout"
    failed = Outcome.NO_ANSWER if timeout else Outcome.FAULT
    code, _, kind = attempt.result.partition(" ")
    named = bool(kind)
    return Call(
        endpoint=Endpoint(attempt.endpoint, Environment.LOOPBACK),
        operation=attempt.operation,
        outcome=Outcome.SUCCESS if success else failed,
        started_at_s=attempt.started_at_s,
        duration_s=LASTED_S,
        ended_at_s=attempt.ended_at_s - LATE_S,
        call_id=f"{number:016x}",
        partner_id="Drill",
        request_id=attempt.request_id,
        error_code=code if named else None,
        error_type=kind if named else None,
        status=attempt.status,
        exception="ReadTimeout" if timeout else None,
        amount=Decimal(25) if attempt.request_id else None,
        currency="GBP" if attempt.request_id else None,
        source="drill-machine",
    )


@pytest.fixture
def attempt():
    """Makes a line of the program's log."""
    return _attempt


@pytest.fixture
def truth() -> Truth:
    """Two healthy calls, five failed ones for four orders, and a recovery."""
    attempts = (
        _attempt(-1.0, "Drill1", "SUCCESS"),
        _attempt(-0.5, "Drill2", "SUCCESS", endpoint="na"),
        _attempt(0.0, "Drill3", F500),
        _attempt(0.2, "Drill4", F500),
        _attempt(0.4, None, F500),
        _attempt(0.5, "Drill2b", "SUCCESS", endpoint="na"),
        _attempt(0.6, "Drill3", F500),
        _attempt(1.6, "Drill5", "ReadTimeout"),
        _attempt(2.0, "Drill6", "SUCCESS"),
    )
    entries = tuple(_entry(it, number) for number, it in enumerate(attempts))
    return Truth(attempts=attempts, entries=entries)


@pytest.fixture
def findings(truth: Truth) -> Findings:
    """What a guard that works leaves behind after that."""
    calls = tuple(_call(it, number) for number, it in enumerate(truth.attempts))
    first = calls[2]
    incident = Incident(
        incident_id="20261122T111505Z-eu-3f9a",
        scope=Scope("Drill", Endpoint("eu", Environment.LOOPBACK)),
        first_failed_at_s=first.ended_at_s,
        first_call_id=first.call_id,
        opened_at_s=START_S + 1.5,
        first_success_at_s=START_S + 2.0,
        resolved_at_s=START_S + 12.0,
        drill=True,
    )
    builder = DossierBuilder(incident)
    for call in calls:
        builder.add_call(call)
    builder.add_sample(
        Sample(
            call_id=first.call_id,
            wall_ns=0,
            mono_ns=0,
            request="POST /CreateGiftCard HTTP/1.1\n\n{}",
            answer="HTTP/1.1 400\n\n{}",
        )
    )
    dossier = builder.dossier()
    reporter = Reporter(
        name="Robin Example",
        phone="+44 20 7946 0123",
        email="oncall@example.invalid",
        marketplace="UK",
        recording_since_s=START_S - 60,
    )
    files = packet_files(incident, dossier, reporter, now_s=START_S + 12)
    folder = f"incidents/{incident.incident_id}"
    return Findings(
        incidents=(incident,),
        dossier=dossier,
        answers=items(incident, dossier, reporter, sample_attached=True),
        recorded=calls,
        replayed=(replace(incident, revision=0),),
        files={f"{folder}/{name}": content for name, content in files.items()}
        | {
            "program-log.csv": f"# {BANNER}\n".encode(),
            "journal/drill-machine.seg": b"\n\x00E{}",
        },
    )
