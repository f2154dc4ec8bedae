"""Carry what the outbox holds: claim, look once more, hand over, settle.

A round runs on a thread of its own, one at a time, for a mail server can take
half a minute. Any process may run one; the outbox sees to it that two never
carry the same parcel.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from agcod_guard.errors import DataError, NotAllowed
from agcod_guard.incident.parcel import (
    Claim,
    Entry,
    Later,
    Parcel,
    Refused,
    Result,
    State,
    Unsure,
)
from agcod_guard.ports import Carrier, Clock, Observer, Outbox

LEASE_MARGIN_S = 30.0
"""A lease holds for the carrier's deadline and this."""

FIRST_WAIT_S, LONGEST_WAIT_S, JITTER_S = 5.0, 60.0, 5.0
LONGEST_ASKED_S = 600.0
"""A server that asks us to wait longer than this is not heard."""

NOTICE_KEPT_S = 86_400.0
"""How long a webhook is tried; a mail is tried until it is not due any more."""

TOO_OLD = "it could not be delivered for a day"

StillDue = Callable[[Entry], str | None]
"""The last look: None lets the parcel go, a text says why it is not due."""

Now = Callable[[], float]


@dataclass(frozen=True, slots=True)
class _Carried:
    """What came of a claim, until the outbox has it."""

    claim: Claim
    result: Result
    at_s: float
    next_try_at_s: float


class Postman:
    """Carries the parcels of one outbox."""

    def __init__(
        self,
        outbox: Outbox,
        carriers: Mapping[str, Carrier],
        *,
        clock: Clock,
        observer: Observer,
        still_due: StillDue,
        owner: str,
    ) -> None:
        """Prepare to carry.

        Args:
            outbox: What is to go, and what came of it.
            carriers: By channel, e.g. `smtp`, `webhook:ops`.
            clock: For the time that passes within a round.
            observer: Told what came of each try; safe from any thread.
            still_due: Asked before a parcel is carried, and once more directly
                before the byte that could make it a mail.
            owner: Who we are, for people who look into the outbox.
        """
        self._outbox, self._carriers, self._clock = outbox, carriers, clock
        self._observer, self._still_due, self._owner = observer, still_due, owner
        self._unsettled: list[_Carried] = []
        self._walking: threading.Thread | None = None

    def start(self, now_s: float) -> bool:
        """Begin a round at `now_s` unless one is under way; return whether it began."""
        if self._walking is not None and self._walking.is_alive():
            return False
        self._walking = threading.Thread(
            target=self.round, args=(now_s,), name="agcod-guard-postman", daemon=True
        )
        self._walking.start()
        return True

    def wait(self, timeout_s: float) -> None:
        """Wait for the round under way, if there is one."""
        if self._walking is not None:
            self._walking.join(timeout_s)

    def round(self, now_s: float) -> list[Entry]:
        """Carry what is due; return what has changed, in that order. Never raises.

        Args:
            now_s: The time on the incidents' scale, seconds since the epoch.
        """
        started_s = self._clock.monotonic_s()
        changed: list[Entry] = []
        try:
            for entry in self._changes(
                lambda: now_s + self._clock.monotonic_s() - started_s
            ):
                changed.append(entry)
                self._tell(entry)
        except Exception as error:
            stage = "outbox" if isinstance(error, DataError) else "postman"
            self._observer.internal_error(stage, error)
        return changed

    def _changes(self, now: Now) -> Iterator[Entry]:
        yield from self._settled()
        yield from self._outbox.overdue(now())
        tried: set[str] = set()
        # Asked anew each time: a page that comes meanwhile waits for no notice.
        while entry := next(
            (each for each in self._outbox.due(now()) if each.key not in tried), None
        ):
            tried.add(entry.key)
            yield from self._carried(entry, now)

    def _carried(self, entry: Entry, now: Now) -> Iterator[Entry]:
        """Take one parcel out; yield what becomes of it."""
        look = _LastLook(self._outbox, entry, now=now, still_due=self._still_due)
        if not look.is_due():
            yield from look.cancelled
            return
        carrier = self._carriers.get(entry.parcel.channel, _NoCarrier())
        claim = self._outbox.claim(
            entry.key,
            owner=self._owner,
            now_s=now(),
            lease_s=carrier.deadline_s + LEASE_MARGIN_S,
        )
        if claim is None:
            return  # somebody else has it
        result = self._result(carrier, claim, look)
        yield from look.cancelled
        at_s = now()
        self._unsettled.append(
            _Carried(claim, result, at_s, at_s + _wait_s(claim.fence, result))
        )
        yield from self._settled()

    def _result(self, carrier: Carrier, claim: Claim, look: _LastLook) -> Result:
        try:
            result = carrier.carry(claim.parcel, lambda: look.lets_go(claim))
        except NotAllowed as forbidden:
            return Refused(str(forbidden))
        except Exception as error:
            self._observer.internal_error("carrier", error)
            reason = f"the carrier failed: {type(error).__name__}"
            return Unsure(reason) if look.has_begun else Later(reason)
        return result if look.problem is None else Later(look.problem)

    def _settled(self) -> Iterator[Entry]:
        """Note what came of the tries, also of those that could not be noted before."""
        while self._unsettled:
            carried = self._unsettled[0]
            entry = self._outbox.settle(
                carried.claim,
                carried.result,
                at_s=carried.at_s,
                next_try_at_s=carried.next_try_at_s,
            )
            self._unsettled.pop(0)
            if entry is not None:
                yield entry

    def _tell(self, entry: Entry) -> None:
        match entry.state:
            case State.SENT:
                self._observer.mail_sent(entry)
            case State.REFUSED:
                self._observer.mail_refused(entry)
            case State.CANCELLED:
                self._observer.mail_cancelled(entry)
            case State.UNSURE | State.ALARM:
                self._observer.mail_unsure(entry)
            case _:
                self._observer.mail_delayed(entry)


class _LastLook:
    """Whether one parcel may still go; cancels it where it may not.

    Attributes:
        cancelled: What it has cancelled.
        has_begun: A copy may be leaving.
        problem: Why it could not look; None if it could.
    """

    def __init__(
        self, outbox: Outbox, entry: Entry, *, now: Now, still_due: StillDue
    ) -> None:
        self._outbox, self._entry = outbox, entry
        self._now, self._still_due = now, still_due
        self.cancelled: list[Entry] = []
        self.has_begun = False
        self.problem: str | None = None

    def is_due(self) -> bool:
        """Look; where it is not due any more, cancel it."""
        parcel, at_s = self._entry.parcel, self._now()
        is_stale = not parcel.is_mail and at_s - parcel.intended_at_s > NOTICE_KEPT_S
        why_not = TOO_OLD if is_stale else self._still_due(self._entry)
        if why_not is None:
            return True
        self.cancelled = self._outbox.cancel(
            parcel.incident_id, why_not, at_s=at_s, keys=[parcel.key]
        )
        return False

    def lets_go(self, claim: Claim) -> bool:
        """Look directly before the first byte that could make a mail."""
        try:
            self.has_begun = self.is_due() and self._outbox.begin_sending(claim)
        except Exception as error:
            # What cannot be looked at must not go: it would page people.
            self.problem = f"the last look failed: {error}"
        return self.has_begun


class _NoCarrier:
    """Stands in for a channel that the settings do not name."""

    deadline_s = 0.0

    def carry(self, parcel: Parcel, before_data: Callable[[], bool]) -> Result:
        """Leave it: another process, or a corrected setting, may carry it."""
        return Later(f"the settings say nothing of {parcel.channel}")


def _wait_s(attempt: int, result: Result) -> float:
    """Return how long to wait after that try, counted from 1."""
    import tenacity  # not before it is needed: the partner's start is waiting

    wait = tenacity.wait_exponential(
        multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S
    ) + tenacity.wait_random(0, JITTER_S)
    state = tenacity.RetryCallState(tenacity.Retrying(), fn=None, args=(), kwargs={})
    state.attempt_number = attempt
    asked_s = result.after_s or 0.0 if isinstance(result, Later) else 0.0
    return max(wait(state), min(asked_s, LONGEST_ASKED_S))
