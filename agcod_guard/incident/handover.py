"""Decide who may carry a parcel, when, and how often. Pure.

    INTENT -> CLAIMED -> SENDING -> SENT | UNSURE | REFUSED

A postman that dies while it only has a claim has sent nothing: the parcel is
claimed anew, as often as needed, so one that must go is never lost. One that dies
while SENDING may have sent it: the same bytes go out once more under the same
Message-ID, and then no more. So nobody gets more than two copies, and whoever
gets two can tell. A claim that a later one has overtaken can begin nothing.

Functions return the progress as it is afterwards, or None where nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from agcod_guard.incident.parcel import (
    FINAL,
    Accepted,
    Entry,
    Later,
    Progress,
    Purpose,
    Refused,
    Result,
    State,
    Unsure,
)

MOST_SENDINGS = 2
"""Copies that may leave: one, and one more when it cannot be told of the first."""

CLOCK_SLACK_S = 5.0
"""What the clocks of two processes of one machine may differ by."""

_AT_A_POSTMAN = frozenset({State.CLAIMED, State.SENDING})
_CANCELLABLE = frozenset({State.INTENT, State.CLAIMED, State.UNSURE})


def intended(at_s: float, before: Progress | None = None) -> Progress | None:
    """Return the progress of a new parcel; None if one of its key stands.

    One that was cancelled before any copy left may be intended anew, with other
    bytes. Claims on the former one have lost it.
    """
    if before is None:
        return Progress(state=State.INTENT, changed_at_s=at_s)
    if before.state is not State.CANCELLED or before.may_have_left:
        return None
    return Progress(state=State.INTENT, changed_at_s=at_s, fence=before.fence)


def due(entries: Iterable[Entry], now_s: float) -> list[Entry]:
    """Return what a postman has to look after now: pages first, then the oldest.

    That is what it may claim, and what nobody came back from sending.

    Of one incident, a webhook gets its notices in order: one that says it is over
    never overtakes the one that says it began.
    """
    found: list[Entry] = []
    waiting: set[tuple[str, str]] = set()
    for entry in entries:
        if entry.state in FINAL:
            continue
        line = (entry.parcel.incident_id, entry.parcel.channel)
        if line not in waiting and _needs_a_postman(entry.progress, now_s):
            found.append(entry)
        if not entry.parcel.is_mail:
            waiting.add(line)
    return sorted(found, key=lambda entry: entry.parcel.purpose is not Purpose.PAGE)


def claimed(
    progress: Progress, *, owner: str, now_s: float, lease_s: float
) -> Progress | None:
    """Return the progress under a new claim; None if it cannot be claimed now."""
    if not _may_claim(progress, now_s):
        return None
    return replace(
        progress,
        state=State.CLAIMED,
        changed_at_s=now_s,
        fence=progress.fence + 1,
        owner=owner,
        lease_until_s=now_s + lease_s,
    )


def sending(progress: Progress, fence: int) -> Progress | None:
    """Return the progress once the next byte could make a mail.

    None: the claim is lost, or the parcel was cancelled; nothing may be sent.
    """
    if progress.state is not State.CLAIMED or progress.fence != fence:
        return None
    if progress.sendings >= MOST_SENDINGS:
        return None
    return replace(progress, state=State.SENDING, sendings=progress.sendings + 1)


def settled(
    progress: Progress,
    fence: int,
    result: Result,
    *,
    at_s: float,
    next_try_at_s: float,
) -> Progress | None:
    """Return the progress after what the postman under that claim brings back.

    That the server has accepted it counts from a lost claim too: it is certain.
    """
    if isinstance(result, Accepted):
        if progress.state is State.SENT:
            return None
        return replace(
            progress,
            state=State.SENT,
            changed_at_s=at_s,
            note=result.reply,
            sendings=max(progress.sendings, 1),
        )
    if progress.state not in _AT_A_POSTMAN or progress.fence != fence:
        return None
    sendings = progress.sendings
    if progress.state is State.SENDING and not isinstance(result, Unsure):
        sendings -= 1  # it is certain that this try made no mail
    return replace(
        progress,
        state=_state_after(result, sendings),
        changed_at_s=at_s,
        note=result.reason,
        sendings=sendings,
        next_try_at_s=next_try_at_s,
    )


def overdue(progress: Progress, now_s: float) -> Progress | None:
    """Return the progress of one whose postman never came back from sending."""
    if progress.state is not State.SENDING or not _has_expired(progress, now_s):
        return None
    return replace(
        progress,
        state=_state_after(Unsure(""), progress.sendings),
        changed_at_s=now_s,
        note="the process that was sending it never said what came of it",
        next_try_at_s=now_s,
    )


def cancelled(progress: Progress, reason: str, at_s: float) -> Progress | None:
    """Return the progress of one that is sent no more; None if it is too late."""
    if progress.state not in _CANCELLABLE:
        return None
    return replace(progress, state=State.CANCELLED, changed_at_s=at_s, note=reason)


def reopened(progress: Progress, at_s: float) -> Progress | None:
    """Return the progress of one that is tried once more; None if it cannot be.

    A refused one, which a person wants sent; or one that was cancelled after a copy
    may have left, whose second copy has to be of the same bytes.
    """
    if progress.state is State.REFUSED:
        state = State.INTENT
    elif progress.state is State.CANCELLED and progress.may_have_left:
        state = State.UNSURE
    else:
        return None
    return replace(progress, state=state, changed_at_s=at_s, next_try_at_s=at_s)


def _state_after(result: Later | Refused | Unsure, sendings: int) -> State:
    """Return the state after a try; `sendings` are those that may have left."""
    if sendings == 0:
        return State.REFUSED if isinstance(result, Refused) else State.INTENT
    if isinstance(result, Refused) or sendings >= MOST_SENDINGS:
        return State.ALARM
    return State.UNSURE


def _needs_a_postman(progress: Progress, now_s: float) -> bool:
    return _may_claim(progress, now_s) or overdue(progress, now_s) is not None


def _may_claim(progress: Progress, now_s: float) -> bool:
    match progress.state:
        case State.INTENT | State.UNSURE:
            return now_s >= progress.next_try_at_s or _is_set_back(progress, now_s)
        case State.CLAIMED:
            return _has_expired(progress, now_s)
        case _:
            return False


def _has_expired(progress: Progress, now_s: float) -> bool:
    return now_s >= progress.lease_until_s or _is_set_back(progress, now_s)


def _is_set_back(progress: Progress, now_s: float) -> bool:
    """Whether the clock was set back since: a wait until then could last for days."""
    return now_s < progress.changed_at_s - CLOCK_SLACK_S
