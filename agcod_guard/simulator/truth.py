"""What the simulator really saw and answered: the log to judge others by.

An entry is written when a request arrives and completed just before its
answer is sent, so that a caller who has an answer finds it in the log.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Any

PENDING = "pending"
"""What `Entry.answered` says until the simulator has decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request as the simulator met it.

    Attributes:
        sequence: 0, 1, 2... in the order of arrival.
        region: Region of the endpoint that was called: `na`, `eu`, `fe`.
        operation: Operation name as it was asked for, known or not.
        request_id: The caller's own id; None when the request carries none.
        partner_id: The account; None when the request carries none.
        received_at_s: Wall-clock time of the whole request, Unix seconds.
        answered_at_s: Wall-clock time just before the answer's first byte or
            the reset; None when nothing was sent.
        answered: `SUCCESS`, an error in Amazon's wording such as
            `F500 GeneralError`, or the name of the fault that took the
            answer's place, such as `hang`.
        fault: Name of the fault that acted, even if it only delayed; or None.
        card_created: Whether this very request made or activated a card or
            loaded a balance, whatever the caller got to see of it.
        claim_code: Claim code of the digital card that was ordered; None
            unless the order was carried out, now or before.
    """

    sequence: int
    region: str
    operation: str
    request_id: str | None
    partner_id: str | None
    received_at_s: float
    answered_at_s: float | None = None
    answered: str = PENDING
    fault: str | None = None
    card_created: bool = False
    claim_code: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as a JSON object."""
        return asdict(self)


class TruthLog:
    """The newest `limit` entries; safe for threads."""

    def __init__(self, *, limit: int = 100_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._next = 0
        self._lock = threading.Lock()

    def received(
        self,
        *,
        region: str,
        operation: str,
        request_id: str | None,
        partner_id: str | None,
        at_s: float,
    ) -> int:
        """Add a pending entry and return its sequence number."""
        with self._lock:
            entry = Entry(
                sequence=self._next,
                region=region,
                operation=operation,
                request_id=request_id,
                partner_id=partner_id,
                received_at_s=at_s,
            )
            self._entries.append(entry)
            self._next += 1
            return entry.sequence

    def complete(self, sequence: int, **facts: Any) -> None:
        """Fill in what has become known of an entry, if it is still kept."""
        with self._lock:
            position = sequence - (self._next - len(self._entries))
            if position >= 0:
                self._entries[position] = replace(self._entries[position], **facts)

    def entries(self, *, since: int = 0) -> list[Entry]:
        """Return the kept entries from sequence number `since` on."""
        with self._lock:
            return [entry for entry in self._entries if entry.sequence >= since]
