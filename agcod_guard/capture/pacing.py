"""Decide at which moment a repeat may be sent. Asks no clock; safe from any thread.

Amazon takes ten calls a second from an account (fact sheet 4), and a card can be
cancelled for 15 minutes. Both are counted over all orders of this process.
"""

from __future__ import annotations

from collections import OrderedDict
from math import ceil

CALLS_PER_S = 10
"""What Amazon takes from one account, over all endpoints."""

MOST_ORDERS = 10_000
"""Orders whose first attempt is remembered; the oldest are forgotten first."""

_MOST_SLOTS = 20_000


class Pace:
    """At most ten repeats a second of an account, and no more than there is room for.

    A second has ten slots. A first attempt takes the slot it falls in, for it does
    not ask; a repeat waits for one that is free.
    """

    def __init__(self) -> None:
        self._taken: dict[tuple[str, int], object] = {}

    def sent(self, account: str, now_s: float) -> None:
        """Note a call that was sent without asking."""
        self._make_room(now_s)
        self._taken.setdefault((account, int(now_s * CALLS_PER_S)), self)

    def reserve(self, account: str, from_s: float, until_s: float) -> float | None:
        """Return the first free moment from `from_s` on; None if all are taken.

        Args:
            account: Partner id.
            from_s: Earliest moment, on any monotonic clock.
            until_s: Latest moment.
        """
        mine = object()
        for slot in range(ceil(from_s * CALLS_PER_S), int(until_s * CALLS_PER_S) + 1):
            # Of several threads, `setdefault` gives the slot to one.
            if self._taken.setdefault((account, slot), mine) is mine:
                return slot / CALLS_PER_S
        return None

    def _make_room(self, now_s: float) -> None:
        if len(self._taken) > _MOST_SLOTS:
            past = int(now_s * CALLS_PER_S)
            for account, slot in tuple(self._taken):
                if slot < past:
                    self._taken.pop((account, slot), None)


class FirstSent:
    """When the orders that had to be repeated were first sent."""

    def __init__(self) -> None:
        self._at_s: OrderedDict[tuple[str, str], float] = OrderedDict()

    def of(self, account: str, request_id: str, at_s: float) -> float:
        """Return when the order was first sent: `at_s`, unless it is known.

        Args:
            account: Partner id.
            request_id: The order's id.
            at_s: Start of the present attempts, on a monotonic clock.
        """
        known_s = self._at_s.setdefault((account, request_id), at_s)
        if len(self._at_s) > MOST_ORDERS:
            self._at_s.popitem(last=False)
        return known_s
