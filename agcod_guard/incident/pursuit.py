"""Put together how far the pager has been written to, from what is on record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agcod_guard.incident.acts import Act, Answered, Approved
from agcod_guard.incident.escalation import (
    How,
    Pursuit,
    SentPage,
    acknowledgement,
    by_hand,
)
from agcod_guard.incident.parcel import Entry, Purpose, State


def pursuit_of(
    acts: Sequence[Act],
    entries: Iterable[Entry],
    *,
    last_failed_at_s: float | None,
    last_success_at_s: float | None,
    held: bool,
) -> Pursuit:
    """Return what has happened between one incident and the pager.

    A page that may or may not have gone counts as not sent: a person has to look,
    and says so with `agcod-guard sent`.

    Args:
        acts: What people did about the incident.
        entries: What stands in the outbox of it.
        last_failed_at_s: Last technically failed call; None if none is known.
        last_success_at_s: Last success of the scope; None if none is known.
        held: The kill switch is on.
    """
    return Pursuit(
        sent=(*_mailed(entries), *by_hand(acts)),
        acknowledged=acknowledgement(acts),
        last_failed_at_s=last_failed_at_s,
        last_success_at_s=last_success_at_s,
        held=held,
    )


def is_approved(acts: Iterable[Act], tier: int) -> bool:
    """Whether a person has said yes to that tier's mail."""
    return any(isinstance(each, Approved) and each.tier == tier for each in acts)


def answer_to(acts: Iterable[Act], item: str) -> str | None:
    """Return what a person has last answered to that item; None if nobody has."""
    given = [
        each.text for each in acts if isinstance(each, Answered) and each.item == item
    ]
    return (given[-1] or None) if given else None


def _mailed(entries: Iterable[Entry]) -> list[SentPage]:
    return [
        SentPage(
            tier=each.parcel.tier,
            at_s=each.progress.changed_at_s,
            how=How.MAIL,
            message_id=each.parcel.message_id,
        )
        for each in entries
        if each.parcel.purpose is Purpose.PAGE
        and each.parcel.tier is not None
        and each.state is State.SENT
    ]
