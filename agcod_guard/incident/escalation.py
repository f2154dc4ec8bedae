"""Say which of the pager's tiers is due, and when. Pure.

Amazon's rule (fact sheet 6.2): the first tier at once, the second when the first
has not answered for 30 minutes, the third 30 minutes after the second. Tiers are
never skipped: after a dead hour the next one is due late, not the one after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agcod_guard.incident.acts import Acknowledged, Act, SentByHand
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.layout import gmt, length, plain
from agcod_guard.protocol.contacts import TIERS


class How(StrEnum):
    """How a tier was written to."""

    MAIL = "mail"
    """The guard's own mail was accepted by the mail server."""
    BY_HAND = "by hand"
    """A person sent it and said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPage:
    """One mail that went to a tier.

    Attributes:
        tier: 1 to 3.
        at_s: When it was sent, wall-clock seconds since the epoch.
        how: By the guard or by hand.
        message_id: Its Message-ID; empty if nobody knows it.
    """

    tier: int
    at_s: float
    how: How = How.MAIL
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The times of the rule, in seconds.

    Attributes:
        after_s: How long a tier has to answer.
        fresh_s: How old the last failure may be when a tier is written to.
    """

    after_s: float = 1800.0
    fresh_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pursuit:
    """What has happened so far between an incident and the pager.

    Times are wall-clock seconds since the epoch.

    Attributes:
        sent: Every mail to a tier; of one tier the latest counts.
        acknowledged: What stopped the clock; None if nothing has.
        last_failed_at_s: Last technically failed call; None if none is known.
        last_success_at_s: Last success of the scope; None if none is known.
        held: The kill switch is on.
    """

    sent: Sequence[SentPage] = ()
    acknowledged: Acknowledged | None = None
    last_failed_at_s: float | None = None
    last_success_at_s: float | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Which tier is due.

    Attributes:
        tier: The tier to write to now; None for none.
        due_at_s: When the next tier is due at the earliest, wall-clock seconds
            since the epoch; None if none ever is, as things stand.
        reason: Why, in one sentence.
    """

    tier: int | None
    due_at_s: float | None
    reason: str


_STANDARD = Waits()


def due(
    incident: Incident, pursuit: Pursuit, *, now_s: float, waits: Waits = _STANDARD
) -> Due:
    """Return which tier is due at `now_s`.

    Args:
        incident: The outage.
        pursuit: What was sent, answered and seen so far.
        now_s: Wall-clock time.
        waits: The times of the rule.
    """
    if why := _stopped(incident, pursuit):
        return Due(None, None, why)
    tier = next_tier(pursuit.sent)
    if tier is None:
        return Due(None, None, "All three tiers have been written to.")
    at_s = _due_at_s(incident, pursuit, tier=tier, waits=waits)
    if now_s < at_s:
        return Due(None, at_s, f"Tier {tier} is due at {gmt(at_s)}.")
    failed_at_s = pursuit.last_failed_at_s
    if failed_at_s is None or now_s - failed_at_s > waits.fresh_s:
        seen = (
            "none is known" if failed_at_s is None else f"the last: {gmt(failed_at_s)}"
        )
        return Due(None, at_s, f"Tier {tier} waits for a fresh failure ({seen}).")
    if tier == 1:
        return Due(1, at_s, "The outage stands; tier 1 has not been written to.")
    return Due(
        tier,
        at_s,
        f"Tier {tier - 1} has not answered for {length(waits.after_s)} and calls fail.",
    )


def by_hand(acts: Iterable[Act]) -> tuple[SentPage, ...]:
    """Return the mails that a person has sent, in the order of the acts."""
    return tuple(
        SentPage(
            tier=act.tier, at_s=act.at_s, how=How.BY_HAND, message_id=act.message_id
        )
        for act in acts
        if isinstance(act, SentByHand)
    )


def acknowledgement(acts: Iterable[Act]) -> Acknowledged | None:
    """Return what stopped the clock first; None if nothing has."""
    return next((act for act in acts if isinstance(act, Acknowledged)), None)


def next_tier(sent: Sequence[SentPage]) -> int | None:
    """Return the lowest tier after all those written to; None after the last."""
    tier = max((page.tier for page in sent), default=0) + 1
    return tier if tier in TIERS else None


def sent_to(sent: Sequence[SentPage], tier: int) -> SentPage | None:
    """Return the latest mail to `tier`; None if there is none."""
    pages = [page for page in sent if page.tier == tier]
    return max(pages, key=lambda page: page.at_s, default=None)


def has_been_sent(sent: Sequence[SentPage], tier: int | None) -> bool:
    """Whether that tier, or one after it, has been written to."""
    return tier is not None and any(page.tier >= tier for page in sent)


def _stopped(incident: Incident, pursuit: Pursuit) -> str | None:
    """Return why no tier is due whatever the time is; None if one may be."""
    if incident.stage is Stage.RESOLVED:
        return "The incident is closed."
    if incident.first_success_at_s is not None:
        return f"Calls succeed again since {gmt(incident.first_success_at_s)}."
    if (ack := pursuit.acknowledged) is not None:
        return f"Acknowledged by {plain(ack.by)} at {gmt(ack.at_s)}."
    if pursuit.held:
        return "The kill switch is on (hold): nothing is sent."
    return None


def _due_at_s(
    incident: Incident, pursuit: Pursuit, *, tier: int, waits: Waits
) -> float:
    """Return when `tier` is due at the earliest.

    A success in between starts the wait anew: the tier before has 30 minutes of
    an outage without one to answer.
    """
    before = sent_to(pursuit.sent, tier - 1)
    if before is None:
        return incident.opened_at_s
    since_s = max(before.at_s, pursuit.last_success_at_s or before.at_s)
    return since_s + waits.after_s
