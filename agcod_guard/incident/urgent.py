"""Write the mail to Amazon's pager: what is wrong, then the packet. Pure.

The first sentence says what fails, since when, for whom and how much; then come
Amazon's items as they stand in packet.txt. The evidence is in the attachment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agcod_guard.incident.briefing import (
    Briefing,
    Letterhead,
    in_subject,
    paragraphs,
    subject_without_secrets,
    without_secrets,
)
from agcod_guard.incident.dossier import Dossier
from agcod_guard.incident.escalation import SentPage, sent_to
from agcod_guard.incident.items import SAMPLE_FILE, Reporter
from agcod_guard.incident.layout import count, gmt, listed, money, plain, some
from agcod_guard.incident.narrative import endpoint_name, orders
from agcod_guard.incident.packet import PACKET_FILE, banner_of, first_screen

_TEAMS = {1: "tier 1 (primary)", 2: "tier 2 (management)"}


def urgent_subject(briefing: Briefing, reporter: Reporter, tier: int) -> str:
    """Return partner, marketplace, error, first failure and incident id."""
    incident = briefing.incident
    mark = f"[{incident.incident_id}]"
    drill = "DRILL, PLEASE IGNORE - " if banner_of(incident) else ""
    level = f"Escalation to tier {tier}: " if tier > 1 else ""
    subject = (
        f"{drill}{level}AGCOD outage for {in_subject(briefing.whose(reporter))}: "
        f"{in_subject(briefing.main_error)} "
        f"since {gmt(incident.first_failed_at_s)} {mark}"
    )
    return subject_without_secrets(subject, f"{drill}{level}AGCOD outage {mark}")


def urgent_text(briefing: Briefing, head: Letterhead, sent: Sequence[SentPage]) -> str:
    """Return the text of the mail to the tier after those in `sent`."""
    banner = banner_of(briefing.incident)
    opening = (
        _what_is_wrong(briefing, head.reporter, still=bool(sent)),
        _unanswered(sent),
        _what_we_ask(head.reporter, briefing.files),
    )
    screen = first_screen(briefing.files.get(PACKET_FILE, b""))
    blocks = [paragraphs(*opening), screen]
    if banner:
        # What is no outage of Amazon's says so before anything else.
        notices, _, answers = screen.partition("\n\n")
        blocks = [notices, paragraphs(*opening), answers]
    return without_secrets("\n\n".join(filter(None, blocks)) + "\n")


def attachments(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what goes with the mail; the table of calls is the partner's own."""
    return {name: files[name] for name in (PACKET_FILE, SAMPLE_FILE) if name in files}


def _what_is_wrong(briefing: Briefing, reporter: Reporter, *, still: bool) -> str:
    incident, dossier = briefing.incident, briefing.dossier
    place = endpoint_name(incident.scope.endpoint)
    down = "is still down" if still else "is down"
    if dossier.succeeded:
        down += " again"
    return (
        f"{place} {down} for partner {briefing.whose(reporter)}: "
        f"since {gmt(incident.first_failed_at_s)} {_how_much(dossier)}"
        f"{briefing.failed_how}. Affected: {_cost(dossier)}."
    )


def _how_much(dossier: Dossier) -> str:
    if dossier.failed == dossier.calls:
        return f"all {count(dossier.failed, 'call')} have failed"
    none = "" if dossier.succeeded else " and none has succeeded"
    return f"{dossier.failed:,} of {count(dossier.calls, 'call')} have failed{none}"


def _cost(dossier: Dossier) -> str:
    """Return how many orders that is, and what they are worth."""
    worth = some(money(value, code) for code, value in dossier.undelivered.items())
    return f"{orders(dossier)}{f', {worth} not delivered' if worth else ''}"


def _unanswered(sent: Sequence[SentPage]) -> str:
    """Return when the tiers before were written to."""
    pages = [page for tier in _TEAMS if (page := sent_to(sent, tier))]
    if not pages:
        return ""
    told = listed(f"to {_TEAMS[page.tier]} at {gmt(page.at_s)}" for page in pages)
    return f"We wrote {told}. Nobody has answered."


def _what_we_ask(reporter: Reporter, files: Mapping[str, bytes]) -> str:
    names = listed(attachments(files))
    attached = f" Attached: {names}." if names else ""
    phone = f", or call {plain(reporter.phone)}" if reporter.phone else ""
    return f"Please look into it now and reply to this mail{phone}.{attached}"
