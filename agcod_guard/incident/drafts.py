"""Make the mails of an incident as files that a person opens and sends. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agcod_guard.incident.briefing import Briefing, Letterhead
from agcod_guard.incident.escalation import Due, Pursuit
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.message import is_pager
from agcod_guard.incident.page import NotForThePager, Page, page
from agcod_guard.incident.recovery import recovery_mail
from agcod_guard.protocol.contacts import TIERS

RECOVERY_FILE = "recovery.eml"
URGENT_FILES = {tier: f"urgent-t{tier}.eml" for tier in TIERS}
"""The draft to each of the pager's tiers."""

_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{0,252}[A-Za-z0-9]")


def drafts(
    briefing: Briefing,
    head: Letterhead,
    *,
    pursuit: Pursuit,
    due: Due,
    now_s: float,
    rehearsal: bool,
) -> dict[str, bytes]:
    """Return the drafts by file name.

    While the outage lasts, the mail to the first tier and to whichever is due;
    once it is over, the one that says so.

    Args:
        briefing: The incident, its facts and its finished files.
        head: Who writes.
        pursuit: What was sent and answered so far.
        due: Which tier is due.
        now_s: The present, wall-clock seconds since the epoch.
        rehearsal: Nothing of it may reach Amazon.
    """
    if briefing.incident.first_success_at_s is not None:
        to = answerers(pursuit, head)
        mail = recovery_mail(briefing, head, to=to, sent=pursuit.sent, now_s=now_s)
        return {RECOVERY_FILE: mail.draft()}
    tier = 1 if not pursuit.sent else due.tier
    made = tier and page_to(
        tier, briefing, head, pursuit=pursuit, now_s=now_s, rehearsal=rehearsal
    )
    return {URGENT_FILES[made.tier]: made.draft()} if made else {}


def withdrawn(incident: Incident, pursuit: Pursuit) -> Sequence[str]:
    """Return the drafts that must not lie about any more: nobody is to be paged.

    Args:
        incident: As it stands.
        pursuit: What was sent and answered; once somebody has answered, no higher
            tier is to find a mail.
    """
    if incident.first_success_at_s is not None:
        return (*URGENT_FILES.values(),)
    if pursuit.acknowledged is None:
        return ()
    return [name for tier, name in URGENT_FILES.items() if tier > 1]


def page_to(
    tier: int,
    briefing: Briefing,
    head: Letterhead,
    *,
    pursuit: Pursuit,
    now_s: float,
    rehearsal: bool,
) -> Page | None:
    """Return the page to that tier; None where the pager may not be used."""
    try:
        return page(
            briefing,
            head,
            tier=tier,
            sent=pursuit.sent,
            now_s=now_s,
            rehearsal=rehearsal,
        )
    except NotForThePager:
        return None


def answerers(pursuit: Pursuit, head: Letterhead) -> tuple[str, ...]:
    """Return whoever answered, as far as a person noted an address.

    Never one of the pager's: calls succeed again, and nobody need be woken.
    """
    ack = pursuit.acknowledged
    found = _ADDRESS.findall(f"{ack.by} {ack.note}") if ack else []
    return tuple(each for each in found if not is_pager(each, head.contacts))[:1]
