"""Decide whether a page may go out by itself, and say why if not. Pure.

A page wakes people at Amazon, so everything has to agree (fact sheet 6.3 and
7.23). What is less than that waits for a person's yes; what cannot be paged at
all stays a draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agcod_guard.call import UNKNOWN_ACCOUNT, Environment
from agcod_guard.incident.briefing import Briefing, Letterhead
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.items import SAMPLE_FILE, missing_items
from agcod_guard.incident.layout import listed
from agcod_guard.incident.verdict import Verdict
from agcod_guard.settings.values import PageMode

DESIRED = frozenset({"Sample request payload (attached)"})
"""Items that Amazon would like to have and does not require; fact sheet 6.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What the partner's settings allow.

    Attributes:
        mode: `page.mode`.
        live_armed: AGCOD_GUARD_LIVE=1 is set.
        speaks_for_all: `fleet.single_host`, or a fleet is configured.
        can_send: A mail server and a sender are set.
        held: The kill switch is on.
        rehearsal: Nothing can reach Amazon, so any endpoint will do.
    """

    mode: PageMode = PageMode.DRAFT
    live_armed: bool = False
    speaks_for_all: bool = False
    can_send: bool = False
    held: bool = False
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class Consent:
    """How far the guard may go with one page.

    Attributes:
        mode: `LIVE` sends it, `ASK` waits for a person, `DRAFT` is a file only.
        reasons: Why it is not `LIVE`; a sentence each.
    """

    mode: PageMode
    reasons: tuple[str, ...] = ()


def consent(
    incident: Incident,
    permission: Permission,
    *,
    missing: Sequence[str],
    recorded_since_s: float | None = float("-inf"),
) -> Consent:
    """Return how far the guard may go with the incident's page.

    Args:
        incident: As it stands at the last moment.
        permission: What the partner allows.
        missing: Labels of the packet's items that a person has to fill in, as
            `items.missing_items` gives them.
        recorded_since_s: Since when mails are on record, seconds since the epoch;
            None if none is. Of an outage from before, they may have gone already.
    """
    barred = tuple(_bars(incident, permission))
    if barred:
        return Consent(PageMode.DRAFT, barred)
    if permission.mode is PageMode.DRAFT:
        return Consent(PageMode.DRAFT, ("page.mode is draft: a person sends it.",))
    lacking = tuple(_lacks(incident, permission, missing))
    if recorded_since_s is None or recorded_since_s > incident.opened_at_s:
        lacking += ("The ladder is newer than the outage: mails may have gone.",)
    if permission.mode is PageMode.ASK:
        lacking = ("page.mode is ask: it waits for a person's yes.", *lacking)
    return Consent(PageMode.ASK, lacking) if lacking else Consent(PageMode.LIVE)


def consent_to_page(
    briefing: Briefing,
    head: Letterhead,
    permission: Permission,
    *,
    recorded_since_s: float | None,
) -> Consent:
    """Return how far the guard may go with the page that is made of `briefing`.

    Args:
        briefing: The incident, its facts and its finished files.
        head: Who writes.
        permission: What the partner allows.
        recorded_since_s: As for `consent`.
    """
    missing = missing_items(
        briefing.incident,
        briefing.dossier,
        head.reporter,
        sample_withheld=SAMPLE_FILE not in briefing.files,
    )
    return consent(
        briefing.incident,
        permission,
        missing=missing,
        recorded_since_s=recorded_since_s,
    )


def _bars(incident: Incident, permission: Permission) -> Iterator[str]:
    """Yield what no yes of a person gets over."""
    if permission.held:
        yield "The kill switch is on (hold): nothing is sent."
    if incident.stage is not Stage.OPEN:
        yield "The outage is over: calls succeed again."
    if incident.verdict is Verdict.OURS:
        yield "The evidence points to our own side."
    if not permission.rehearsal:
        environment = incident.scope.endpoint.environment
        if incident.drill:
            yield "It is a drill."
        elif environment is not Environment.PRODUCTION:
            yield "The endpoint is not a production one."


def _lacks(
    incident: Incident, permission: Permission, missing: Sequence[str]
) -> Iterator[str]:
    """Yield what it lacks to go out by itself."""
    if not permission.live_armed:
        yield "AGCOD_GUARD_LIVE=1 is not set."
    if not permission.can_send:
        yield "No mail server and sender are set (smtp.host, smtp.sender)."
    if not permission.speaks_for_all:
        yield "Neither a fleet nor fleet.single_host = true is set."
    if incident.scope.account == UNKNOWN_ACCOUNT:
        yield "The failing requests name no partner ID."
    if needed := [label for label in missing if label not in DESIRED]:
        yield f"The packet still lacks: {listed(needed)}."
    if not incident.confirmed:
        yield "The outage is not confirmed by test calls of our own."
    if incident.verdict is not Verdict.AMAZON:
        yield "The verdict is not that the failure is on Amazon's side."
