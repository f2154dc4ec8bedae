"""Write docs/examples: the mails of invented outages, as the guard writes them.

Run `python docs/generate_mails.py` after a change to them; a test holds both
equal. Every partner, number and address is invented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from agcod_guard.call import Call, Endpoint, Outcome, Scope
from agcod_guard.frames import Sample
from agcod_guard.incident.briefing import Briefing, Letterhead
from agcod_guard.incident.dossier import DossierBuilder
from agcod_guard.incident.escalation import SentPage
from agcod_guard.incident.incident import Incident, incident_id
from agcod_guard.incident.items import Reporter
from agcod_guard.incident.letters import account_mail
from agcod_guard.incident.packet import packet_files
from agcod_guard.incident.page import page
from agcod_guard.incident.questions import (
    Announcement,
    OperationDown,
    announcement_mail,
    operation_mail,
    request_mail,
)
from agcod_guard.incident.recovery import recovery_mail
from agcod_guard.incident.routing import for_request, for_trouble, to_integration
from agcod_guard.incident.troubles import TroubleBook
from agcod_guard.incident.verdict import Verdict
from agcod_guard.protocol.contacts import Contact, Contacts
from agcod_guard.protocol.endpoints import HOSTS, SIGNING_REGIONS
from agcod_guard.protocol.failures import failure_of
from agcod_guard.settings import Settings

FOLDER = Path(__file__).with_name("examples")
START_S = 1_795_346_105.123
"""2026-11-22 11:15:05.123 GMT: the first failure of every outage here."""

F500 = ("F500", "GeneralError", Outcome.FAULT)
RESEND = ("F400", "SystemTemporarilyUnavailable", Outcome.FAULT)
FUNDS = ("F300", "InsufficientFunds", Outcome.ACCOUNT)
READ_TIMEOUT = ("", "ReadTimeout", Outcome.NO_ANSWER)
SUCCESS = ("", "", Outcome.SUCCESS)
Answer = tuple[str, str, Outcome]


@dataclass(frozen=True, kw_only=True)
class Partner:
    """An invented partner and what it orders.

    Attributes:
        account: Partner id.
        region: Region of the endpoint.
        marketplace: Amazon's code.
        currency: ISO 4217 code.
        amount: Face value of each order.
        phone: Of the contact.
        operation: What it calls.
    """

    account: str
    region: str
    marketplace: str
    currency: str
    amount: str
    phone: str
    operation: str = "CreateGiftCard"

    @property
    def scope(self) -> Scope:
        """Account and endpoint."""
        return Scope(self.account, Endpoint(self.region))

    @property
    def head(self) -> Letterhead:
        """Who writes its mails."""
        reporter = Reporter(
            name="Robin Example",
            phone=self.phone,
            email="oncall@example.invalid",
            marketplace=self.marketplace,
            recording_since_s=START_S - 61 * 86_400,
        )
        sender = "agcod-guard@example.invalid"
        return Letterhead(contacts=contacts(), reporter=reporter, sender=sender)

    def call(self, number: int, after_s: float, answer: Answer) -> Call:
        """Return the call of order `number` that ended `after_s` into the outage."""
        code, kind, outcome = answer
        silent = outcome is Outcome.NO_ANSWER
        duration_s = 6.0 if silent else 0.3
        failed = bool(code or silent)
        is_card = self.operation == "ActivateGiftCard"
        return Call(
            endpoint=self.scope.endpoint,
            operation=self.operation,
            outcome=outcome,
            started_at_s=START_S + after_s - duration_s,
            duration_s=duration_s,
            ended_at_s=START_S + after_s,
            call_id=f"{round(after_s * 1000) % 2**64:016x}",
            partner_id=self.account,
            request_id=f"{self.account}{33_245_000 + number}H2",
            error_code=code or None,
            error_type=kind if code else None,
            message=_MESSAGES.get(kind),
            status=None if silent else 400 if failed else 200,
            amzn_request_id=None
            if silent
            else f"6d1f0c9e-0000-4000-8000-{number:012d}",
            marked=not silent,
            amount=Decimal(self.amount),
            currency=self.currency,
            card_serial=f"14{number:014d}" if is_card else None,
            source=f"shop-{number % 3 + 1}",
            exception=kind if silent else None,
        )


_MESSAGES = {
    "GeneralError": "Unknown error",
    "SystemTemporarilyUnavailable": "The system is temporarily unavailable",
    "InsufficientFunds": "Insufficient funds",
}

US = Partner(
    account="Acmes",
    region="na",
    marketplace="US",
    currency="USD",
    amount="50.00",
    phone="+1 206 555 0100",
)
JP = replace(
    US,
    account="Niwaq",
    region="fe",
    marketplace="JP",
    currency="JPY",
    amount="3000",
    phone="+81 3 5550 0100",
)
UK = replace(
    US,
    account="Carda",
    region="eu",
    marketplace="UK",
    currency="GBP",
    amount="25.00",
    phone="+44 20 7946 0100",
    operation="ActivateGiftCard",
)
DE = replace(
    US,
    account="Bonus",
    region="eu",
    marketplace="DE",
    currency="EUR",
    amount="20.00",
    phone="+49 30 5550 0100",
)
FR = replace(DE, account="Primo", marketplace="FR", phone="+33 1 55 50 01 00")
ES = replace(DE, account="Tarje", marketplace="ES", phone="+34 91 555 01 00")


def contacts() -> Contacts:
    """Return Amazon's contacts with addresses that do not exist."""
    rows = Settings().contacts.rows
    return Contacts(tuple(replace(row, address=_invented(row)) for row in rows))


def mails() -> dict[str, bytes]:
    """Return every example by its file's name."""
    return {f"{name}.eml": content for name, content in _mails().items()}


def _mails() -> dict[str, bytes]:
    us = _outage(US, {F500: 3, READ_TIMEOUT: 1}, lasts_s=190)
    over = _outage(US, {F500: 3, READ_TIMEOUT: 1}, lasts_s=2886, is_over=True)
    return {
        "urgent-f500-us": _page(US, us),
        "urgent-timeouts-jp": _page(JP, _outage(JP, {READ_TIMEOUT: 1}, lasts_s=190)),
        "urgent-cards-uk": _page(UK, _outage(UK, {RESEND: 2, F500: 1}, lasts_s=190)),
        "urgent-tier-2-de": _second_page(DE),
        "recovery-us": recovery_mail(
            over,
            US.head,
            to=("answered@example.invalid",),
            sent=(SentPage(tier=1, at_s=START_S + 190),),
            now_s=START_S + 3_200,
        ).draft(),
        "account-insufficient-funds-fr": _account_mail(FR),
        "operation-down-us": _operation_mail(US),
        "report-es": _request_mail(ES),
        "change-de": _announcement_mail(DE),
    }


def _invented(row: Contact) -> str:
    place = f"-t{row.tier}" if row.tier else f"-{(row.marketplace or 'team').lower()}"
    return f"{row.door.value}{place}@example.invalid"


def _outage(
    partner: Partner,
    answers: Mapping[Answer, int],
    *,
    lasts_s: int,
    is_over: bool = False,
) -> Briefing:
    """Return an outage of an order every two seconds, its answers in turn."""
    turns = [answer for answer, times in answers.items() for _ in range(times)]
    failed = [
        partner.call(number, 2.0 * number, turns[number % len(turns)])
        for number in range(lasts_s // 2)
    ]
    incident = _incident(partner, failed[0])
    if is_over:
        end_s = START_S + lasts_s
        incident = replace(
            incident, first_success_at_s=end_s, resolved_at_s=end_s + 300
        )
    builder = DossierBuilder(incident)
    for call in (*_before(partner), *failed):
        builder.add_call(call)
    for probe in _probes(partner, lasts_s):
        builder.add_call(probe)
    builder.add_sample(_sample(partner, failed[0]))
    if is_over:
        _recover(builder, partner, failed, lasts_s)
    dossier = builder.dossier()
    files = packet_files(
        incident, dossier, partner.head.reporter, now_s=START_S + lasts_s
    )
    return Briefing(incident=incident, dossier=dossier, files=files)


def _incident(partner: Partner, first: Call) -> Incident:
    return Incident(
        incident_id=incident_id(
            partner.scope,
            first_failed_at_s=START_S,
            first_failed_wall_ns=round(START_S * 1e9),
        ),
        scope=partner.scope,
        first_failed_at_s=START_S,
        first_call_id=first.call_id,
        opened_at_s=START_S + 180,
        last_success_at_s=START_S - 4,
        verdict=Verdict.AMAZON,
        reasons=("Our own way to Amazon was open when the calls failed.",),
        confirmed=True,
    )


def _before(partner: Partner) -> list[Call]:
    return [
        partner.call(100_000 + number, -4.0 - 40 * number, SUCCESS)
        for number in reversed(range(80))
    ]


def _probes(partner: Partner, lasts_s: int) -> list[Call]:
    probe = replace(
        partner.call(0, 0, F500),
        operation="GetAvailableFunds",
        request_id=None,
        amount=None,
        currency=None,
        card_serial=None,
        probe=True,
    )
    return [
        replace(probe, started_at_s=START_S + at_s - 0.3, ended_at_s=START_S + at_s)
        for at_s in range(11, lasts_s, 30)
    ]


def _recover(
    builder: DossierBuilder, partner: Partner, failed: Sequence[Call], lasts_s: int
) -> None:
    """Let all but the last five of the failed orders succeed afterwards."""
    for number in range(len(failed) - 5):
        builder.add_call(partner.call(number, lasts_s + 0.1 * number, SUCCESS))


def _sample(partner: Partner, call: Call) -> Sample:
    host = next(
        each.name
        for each in HOSTS
        if each.endpoint == call.endpoint and not each.legacy
    )
    region = SIGNING_REGIONS[partner.region]
    request = (
        f"POST https://{host}/{call.operation} HTTP/1.1\r\n"
        f"Host: {host}\r\n"
        "Accept: application/json\r\n"
        "Content-Type: application/json\r\n"
        "x-amz-date: 20261122T111504Z\r\n"
        f"x-amz-target: com.amazonaws.agcod.AGCODService.{call.operation}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential=AKIA[removed]/20261122/{region}/"
        "AGCODService/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;"
        "x-amz-target, Signature=[removed]\r\n"
        f"\r\n{_body(partner, call)}"
    )
    answer = (
        "HTTP/1.1 400\r\nDate: Sun, 22 Nov 2026 11:15:05 GMT\r\n"
        f"x-amzn-RequestId: {call.amzn_request_id}\r\n\r\n"
        f'{{"agcodResponse":{{"status":"FAILURE"}},"errorCode":"{call.error_code}",'
        f'"errorType":"{call.error_type}","message":"{call.message}"}}'
    )
    return Sample(
        call_id=call.call_id,
        wall_ns=round(call.ended_at_s * 1e9),
        mono_ns=0,
        request=request,
        answer=answer if call.status else "",
    )


def _body(partner: Partner, call: Call) -> str:
    card = f',"cardNumber":"{call.card_serial}"' if call.card_serial else ""
    field = "activationRequestId" if card else "creationRequestId"
    return (
        f'{{"{field}":"{call.request_id}","partnerId":"{partner.account}"{card},'
        f'"value":{{"currencyCode":"{partner.currency}","amount":{partner.amount}}}}}'
    )


def _page(partner: Partner, briefing: Briefing) -> bytes:
    made = page(briefing, partner.head, tier=1, now_s=START_S + 190, rehearsal=False)
    return made.draft()


def _second_page(partner: Partner) -> bytes:
    briefing = _outage(partner, {F500: 1}, lasts_s=1_990)
    sent = (SentPage(tier=1, at_s=START_S + 190),)
    now_s = START_S + 190 + 1_800
    made = page(briefing, partner.head, tier=2, sent=sent, now_s=now_s, rehearsal=False)
    return made.draft()


def _account_mail(partner: Partner) -> bytes:
    book = TroubleBook()
    for number in range(41):
        book.follow(partner.call(number // 2, 90.0 * number, FUNDS))
    (trouble,) = book.today()
    route = for_trouble(
        trouble,
        partner.head.contacts,
        marketplace=partner.marketplace,
        account_manager="account-manager@example.invalid",
    )
    mail = account_mail(trouble, route, partner.head, now_s=START_S + 3_700)
    return mail.draft()


def _operation_mail(partner: Partner) -> bytes:
    examples = [partner.call(number, 20.0 * number, F500) for number in range(3)]
    down = OperationDown(
        scope=partner.scope,
        operation=partner.operation,
        examples=examples,
        calls=64,
        orders=23,
        first_at_s=START_S,
        others=("GetAvailableFunds",),
    )
    route = to_integration(partner.head.contacts)
    return operation_mail(down, route, partner.head, now_s=START_S + 400).draft()


def _request_mail(partner: Partner) -> bytes:
    first = partner.call(17, 0, READ_TIMEOUT)
    calls = [first, partner.call(17, 8, RESEND), partner.call(17, 20, F500)]
    route = for_request(
        failure_of("F500", "GeneralError"),
        partner.head.contacts,
        marketplace=partner.marketplace,
    )
    return request_mail(calls, route, partner.head, now_s=START_S + 600).draft()


def _announcement_mail(partner: Partner) -> bytes:
    planned = Announcement(
        account=partner.account,
        what="We move our shop to another data centre. Our calls will then come from "
        "other IP addresses.",
        starts_at_s=START_S + 3 * 86_400,
        ends_at_s=START_S + 3 * 86_400 + 7_200,
        downtime=True,
    )
    route = to_integration(partner.head.contacts)
    return announcement_mail(planned, route, partner.head, now_s=START_S).draft()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file_name, content in mails().items():
        (FOLDER / file_name).write_bytes(content)
