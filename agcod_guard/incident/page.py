"""The one kind of mail that may go to Amazon's pager. Pure.

It wakes people, so it cannot be made but from the evidence of an open outage:
contract, funds, input, throttling and sandboxes make none (fact sheet 6.3).
In a rehearsal it is addressed to names that do not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn, final

from agcod_guard.call import TECHNICAL_FAILURES, Environment
from agcod_guard.errors import GuardError
from agcod_guard.incident.briefing import Briefing, Letterhead
from agcod_guard.incident.escalation import SentPage, sent_to
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.layout import gmt
from agcod_guard.incident.message import Mail, known_message_id, message_id
from agcod_guard.incident.packet import PACKET_FILE
from agcod_guard.incident.routing import to_pager
from agcod_guard.incident.urgent import attachments, urgent_subject, urgent_text
from agcod_guard.incident.verdict import Verdict


class NotForThePager(GuardError):
    """Amazon's pager may not be used for this.

    Attributes:
        incident_id: The incident it was asked for.
        reason: Why not, in one sentence.
    """

    def __init__(self, incident_id: str, reason: str) -> None:
        super().__init__(incident_id, reason)
        self.incident_id, self.reason = incident_id, reason

    def __str__(self) -> str:
        return f"{self.incident_id} is not for Amazon's pager: {self.reason}"


@final
@dataclass(frozen=True, slots=True, init=False)
class Page:
    """A mail to one tier of the pager; made by `page` and by nothing else.

    Attributes:
        incident_id: The outage.
        tier: 1 to 3.
        recipients: Whom it goes to.
        message_id: Always the same for this incident and tier.
        rehearsal: It is addressed to names that do not exist.
        mail: The mail.
    """

    incident_id: str
    tier: int
    recipients: tuple[str, ...]
    message_id: str
    rehearsal: bool
    mail: Mail = field(repr=False)

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("a Page is made by page() from the evidence of an outage")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Page is not pickled: its mail's content() is kept")

    def content(self) -> bytes:
        """Return the mail as it goes out."""
        return self.mail.content()

    def draft(self) -> bytes:
        """Return the mail as an .eml file that mail programs open for editing."""
        return self.mail.draft()


def page(
    briefing: Briefing,
    head: Letterhead,
    *,
    tier: int,
    sent: Sequence[SentPage] = (),
    now_s: float,
    rehearsal: bool,
) -> Page:
    """Return the mail to `tier`, dated `now_s`.

    Args:
        briefing: The outage, its facts and its finished files.
        head: Who writes.
        tier: 1 to 3.
        sent: The mails to the tiers before.
        now_s: Wall-clock time.
        rehearsal: Nothing of it may reach Amazon. A drill always is one.

    Raises:
        NotForThePager: It is no open outage in production, or not this tier's
            turn.
    """
    incident = briefing.incident
    is_rehearsal = rehearsal or incident.drill
    if why := _refusal(briefing, tier=tier, sent=sent, rehearsal=is_rehearsal):
        raise NotForThePager(incident.incident_id, why)
    recipients = _recipients(head, tier=tier, rehearsal=is_rehearsal)
    if not recipients:
        raise NotForThePager(incident.incident_id, f"no address of tier {tier} is set")
    earlier = [each for each in sent if each.tier < tier]
    mail = Mail(
        to=recipients,
        subject=urgent_subject(briefing, head.reporter, tier),
        text=urgent_text(briefing, head, earlier),
        message_id=page_id(incident, tier, head),
        dated_s=now_s,
        contacts=head.contacts,
        is_page=True,
        sender=head.sender,
        reply_to=head.reporter.email,
        thread=thread_of(incident, head, earlier),
        attachments=attachments(briefing.files),
    )
    return _made(incident, mail, tier=tier, rehearsal=is_rehearsal)


def page_id(incident: Incident, tier: int, head: Letterhead) -> str:
    """Return the Message-ID of the page to `tier`."""
    return message_id(f"{incident.incident_id}-t{tier}", head.own_address)


def thread_of(
    incident: Incident, head: Letterhead, sent: Sequence[SentPage]
) -> tuple[str, ...]:
    """Return the Message-IDs of the mails that were sent, the first tier's first.

    Where a person sent one and did not say its id, it is that of our draft.
    """
    tiers = sorted({each.tier for each in sent})
    pages = [(tier, sent_to(sent, tier)) for tier in tiers]
    return tuple(
        known_message_id(each.message_id) or page_id(incident, tier, head)
        for tier, each in pages
        if each
    )


def _made(incident: Incident, mail: Mail, *, tier: int, rehearsal: bool) -> Page:
    made = object.__new__(Page)
    for name, value in (
        ("incident_id", incident.incident_id),
        ("tier", tier),
        ("recipients", mail.recipients),
        ("message_id", mail.message_id),
        ("rehearsal", rehearsal),
        ("mail", mail),
    ):
        object.__setattr__(made, name, value)
    return made


def _refusal(
    briefing: Briefing, *, tier: int, sent: Sequence[SentPage], rehearsal: bool
) -> str | None:
    """Return why there can be no page; None if there can."""
    incident, dossier = briefing.incident, briefing.dossier
    endpoint = incident.scope.endpoint
    if not rehearsal and endpoint.environment is not Environment.PRODUCTION:
        return f"{endpoint} is not a production endpoint."
    if incident.stage is Stage.RESOLVED:
        return "the outage is over."
    if incident.first_success_at_s is not None:
        return f"calls succeed again since {gmt(incident.first_success_at_s)}."
    if incident.verdict is Verdict.OURS:
        return "the evidence points to our own side."
    call = dossier.sample_call
    if not dossier.failed or call is None or call.outcome not in TECHNICAL_FAILURES:
        return "no call has failed for technical reasons."
    if PACKET_FILE not in briefing.files:
        return "its packet is not written yet."
    if tier > 1 and sent_to(sent, tier - 1) is None:
        return f"tier {tier - 1} has not been written to."
    return None


def _recipients(head: Letterhead, *, tier: int, rehearsal: bool) -> tuple[str, ...]:
    if rehearsal:
        return (f"urgent-t{tier}@amazon.invalid",)
    return to_pager(head.contacts, tier).to
