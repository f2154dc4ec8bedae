"""AGCOD's call rates: who goes too fast, and what he meets.

Pure. Amazon allows 10 calls a second and account to an endpoint, and one
GetAvailableFunds a second; faster ones of those are ignored, which a caller
sees as a hang.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque

CALLS_PER_S = 10
FUNDS_CALLS_PER_S = 1


class RateLimit:
    """The calls of the last second by endpoint and account; safe for threads."""

    def __init__(self) -> None:
        self._calls: defaultdict[tuple[str, ...], deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def fault_name(
        self, endpoint: str, account: str, operation: str, now_s: float
    ) -> str | None:
        """Count one call at `now_s`; return the fault it meets, or None.

        `now_s` is monotonic time, seconds.
        """
        with self._lock:
            if self._exceeds((endpoint, account), CALLS_PER_S, now_s):
                return "throttled"
            funds = operation == "GetAvailableFunds"
            key = (endpoint, account, operation)
            if funds and self._exceeds(key, FUNDS_CALLS_PER_S, now_s):
                return "hang"
            return None

    def _exceeds(self, key: tuple[str, ...], limit: int, now_s: float) -> bool:
        calls = self._calls[key]
        while calls and calls[0] <= now_s - 1:
            calls.popleft()
        if len(calls) >= limit:
            return True
        calls.append(now_s)
        return False
