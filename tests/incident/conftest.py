"""Invented outages: a partner `Acmes` and the calls it made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from agcod_guard.call import Call, Endpoint, Outcome
from agcod_guard.frames import Sample
from agcod_guard.incident.briefing import Briefing, Letterhead
from agcod_guard.incident.dossier import Dossier, DossierBuilder
from agcod_guard.incident.incident import Incident, Verdict
from agcod_guard.incident.items import Reporter
from agcod_guard.incident.packet import packet_files
from agcod_guard.settings import Settings

START_S = 1_795_346_105.123
"""2026-11-22 11:15:05.123 GMT: the first failure of every outage here."""

EU = Endpoint("eu")
NA = Endpoint("na")


def _call(number: int, *, at_s: float | None = None, **changes: object) -> Call:
    ended_at_s = START_S + number if at_s is None else at_s
    duration_s = float(changes.pop("duration_s", 0.2))  # type: ignore[arg-type]
    call = Call(
        endpoint=EU,
        operation="CreateGiftCard",
        outcome=Outcome.FAULT,
        started_at_s=ended_at_s - duration_s,
        duration_s=duration_s,
        ended_at_s=ended_at_s,
        call_id=f"{number % 2**64:016x}",
        partner_id="Acmes",
        request_id=f"Acmes{33245000 + number}H2",
        error_code="F500",
        error_type="GeneralError",
        message="Unknown error",
        status=500,
        amzn_request_id=f"6d1f0c9e-0000-4000-8000-{number % 10**12:012d}",
        marked=True,
        amount=Decimal("25.00"),
        currency="GBP",
        source="shop-1",
    )
    return replace(call, **changes)  # type: ignore[arg-type]


def _success(number: int, *, at_s: float | None = None, **changes: object) -> Call:
    facts = {
        "outcome": Outcome.SUCCESS,
        "error_code": None,
        "error_type": None,
        "message": None,
        "status": 200,
    }
    return _call(number, at_s=at_s, **(facts | changes))


def _sample(call: Call, *, date: str = "Sun, 22 Nov 2026 11:15:05 GMT") -> Sample:
    answer = (
        f"HTTP/1.1 {call.status}\r\nDate: {date}\r\n"
        f"x-amzn-RequestId: {call.amzn_request_id}\r\n\r\n"
        '{"agcodResponse":{"status":"FAILURE"},"errorCode":"F500",'
        '"errorType":"GeneralError","message":"Unknown error"}'
    )
    request = (
        "POST https://agcod-v2-eu.amazon.com/CreateGiftCard HTTP/1.1\r\n"
        "Host: agcod-v2-eu.amazon.com\r\n"
        "Accept: application/json\r\n"
        "User-Agent: shop/4.2\r\n"
        "x-amz-date: 20261122T111504Z\r\n"
        "x-amz-target: com.amazonaws.agcod.AGCODService.CreateGiftCard\r\n"
        "regionName: eu-west-1\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIA[removed]/20261122/eu-west-1/"
        "AGCODService/aws4_request, SignedHeaders=accept;host;x-amz-date;"
        "x-amz-target, Signature=[removed]\r\n"
        "\r\n"
        f'{{"creationRequestId":"{call.request_id}","partnerId":"Acmes",'
        '"value":{"currencyCode":"GBP","amount":25.00}}'
    )
    return Sample(
        call_id=call.call_id,
        wall_ns=round(call.ended_at_s * 1e9),
        mono_ns=0,
        request=request,
        answer=answer if call.status else "",
    )


def _dossier(incident: Incident, *parts: Call | Sample | Iterable[Call]) -> Dossier:
    builder = DossierBuilder(incident)
    for part in parts:
        if isinstance(part, Sample):
            builder.add_sample(part)
            continue
        for call in [part] if isinstance(part, Call) else part:
            builder.add_call(call)
    return builder.dossier()


@pytest.fixture
def call() -> Callable[..., Call]:
    """A failed CreateGiftCard that ended `number` seconds into the outage."""
    return _call


@pytest.fixture
def success() -> Callable[..., Call]:
    """The same call, had it succeeded."""
    return _success


@pytest.fixture
def sample() -> Callable[..., Sample]:
    """The exchange of a call."""
    return _sample


@pytest.fixture
def dossier() -> Callable[..., Dossier]:
    """The dossier of an incident over calls and samples in that order."""
    return _dossier


@pytest.fixture
def incident() -> Incident:
    """An open, confirmed outage of Amazon's, as `call(0)` began it."""
    return Incident(
        incident_id="20261122T111505Z-eu-3f9a",
        scope=_call(0).scope,
        first_failed_at_s=START_S,
        first_call_id=_call(0).call_id,
        opened_at_s=START_S + 180.25,
        last_success_at_s=START_S - 4.2,
        verdict=Verdict.AMAZON,
        reasons=("312 answers carried Amazon's marks.",),
        confirmed=True,
    )


@pytest.fixture
def reporter() -> Reporter:
    """A partner who has filled in the settings."""
    return Reporter(
        name="Zoë Example",
        phone="+44 20 5550 0100",
        email="oncall@example.invalid",
        marketplace="UK",
        recording_since_s=START_S - 61 * 86_400,
    )


def _briefing(
    incident: Incident, dossier: Dossier, reporter: Reporter, *, now_s: float
) -> Briefing:
    files = packet_files(incident, dossier, reporter, now_s=now_s)
    return Briefing(incident=incident, dossier=dossier, files=files)


@pytest.fixture
def briefed() -> Callable[..., Briefing]:
    """What a mail is made from, for a dossier of the test's own."""
    return _briefing


@pytest.fixture
def briefing(incident: Incident, reporter: Reporter) -> Briefing:
    """The incident, with a hundred orders that failed."""
    calls = [_call(number, at_s=START_S + 3 * number) for number in range(100)]
    facts = _dossier(incident, calls[0], _sample(calls[0]), calls[1:])
    return _briefing(incident, facts, reporter, now_s=START_S + 300)


@pytest.fixture
def head(reporter: Reporter) -> Letterhead:
    """The partner's letterhead, with Amazon's addresses as shipped."""
    return Letterhead(
        contacts=Settings().contacts,
        reporter=reporter,
        sender="agcod-guard@example.invalid",
    )
