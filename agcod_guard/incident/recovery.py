"""Write that an outage is over: to whoever answered, and to our own people. Pure.

It never goes to the pager, for calls succeed again and nobody need be woken: a
`Mail` that is no page refuses those addresses.
"""

from __future__ import annotations

from collections.abc import Sequence

from agcod_guard.errors import GuardError
from agcod_guard.incident.briefing import (
    Briefing,
    Letterhead,
    contact_fields,
    fields,
    in_subject,
    paragraphs,
    subject_without_secrets,
    without_secrets,
)
from agcod_guard.incident.dossier import Dossier
from agcod_guard.incident.escalation import SentPage
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.layout import count, gmt, length, money, some
from agcod_guard.incident.message import Mail, is_address, message_id
from agcod_guard.incident.narrative import endpoint_name, orders
from agcod_guard.incident.packet import banner_of
from agcod_guard.incident.page import thread_of


class NotOver(GuardError):
    """The outage is still going on.

    Attributes:
        incident_id: The incident.
    """

    def __init__(self, incident_id: str) -> None:
        super().__init__(incident_id)
        self.incident_id = incident_id

    def __str__(self) -> str:
        return (
            f"{self.incident_id} is not over: no call has succeeded yet; "
            "write its recovery mail once one has"
        )


def recovery_mail(
    briefing: Briefing,
    head: Letterhead,
    *,
    to: Sequence[str],
    sent: Sequence[SentPage] = (),
    now_s: float,
) -> Mail:
    """Return the mail that the outage is over.

    Args:
        briefing: The outage and its facts.
        head: Who writes.
        to: Whoever answered, or the partner's own addresses; empty for a draft
            whose reader is filled in by hand. A person noted who answered, so
            what is no address is left out.
        sent: The pages that were sent; it is filed under them.
        now_s: Wall-clock time.

    Raises:
        NotOver: No call has succeeded yet.
        NeverToThePager: One of `to` is an address of the pager.
    """
    incident = briefing.incident
    ended_at_s = incident.first_success_at_s
    if ended_at_s is None:
        raise NotOver(incident.incident_id)
    who, name = briefing.whose(head.reporter), incident.incident_id
    subject = (
        f"AGCOD outage over for {in_subject(who)} since {gmt(ended_at_s)} [{name}]"
    )
    parts = (
        paragraphs(
            banner_of(incident) or "",
            _what_is_over(briefing, who, ended_at_s),
            _what_is_left(briefing.dossier),
            "Thank you. If you know the cause, please reply to this mail and tell us.",
        ),
        fields(_facts(incident, briefing.dossier, ended_at_s)),
        fields(contact_fields(head.reporter)),
    )
    return Mail(
        to=tuple(filter(is_address, to)),
        subject=subject_without_secrets(subject, f"AGCOD outage over [{name}]"),
        text=without_secrets("\n\n".join(parts) + "\n"),
        message_id=message_id(f"{name}-recovery", head.own_address),
        dated_s=now_s,
        contacts=head.contacts,
        sender=head.sender,
        reply_to=head.reporter.email,
        thread=thread_of(incident, head, sent),
    )


def _what_is_over(briefing: Briefing, who: str, ended_at_s: float) -> str:
    incident, dossier = briefing.incident, briefing.dossier
    lasted = length(ended_at_s - incident.first_failed_at_s)
    return (
        f"{endpoint_name(incident.scope.endpoint)} has worked again for partner {who} "
        f"since {gmt(ended_at_s)}. It was down for {lasted}: "
        f"{count(dossier.failed, 'call')} for {orders(dossier)} failed"
        f"{briefing.failed_how}."
    )


def _what_is_left(dossier: Dossier) -> str:
    number = dossier.undelivered_orders
    if not number:
        return "Every order that failed has succeeded since."
    worth = some(money(value, code) for code, value in dossier.undelivered.items())
    has = "has" if number == 1 else "have"
    return (
        f"Of these, {count(number, 'gift card order')} worth {worth} {has} not been "
        "delivered yet."
    )


def _facts(incident: Incident, dossier: Dossier, ended_at_s: float) -> dict[str, str]:
    closed = incident.resolved_at_s
    return {
        "First failed response": gmt(incident.first_failed_at_s),
        "First success after it": gmt(ended_at_s),
        "Stable, watched until": "" if closed is None else gmt(closed),
        "Failed": f"{count(dossier.failed, 'call')}, {orders(dossier)}",
        "Relapses meanwhile": str(incident.relapses) if incident.relapses else "",
    }
