"""Ask a host outside Amazon whether our own way to the internet is open.

Any HTTP answer will do, an error as well. The check runs on a thread of its own,
at most one at a time, because looking a name up can take longer than any
timeout says, and nobody else should wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import requests

from agcod_guard.frames import Reference
from agcod_guard.ports import Clock


class ReferenceCheck:
    """Checks one reference host when told to."""

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float,
        clock: Clock,
        tell: Callable[[Reference], object],
    ) -> None:
        """Prepare to check `url`; each result goes to `tell`, on the check's thread."""
        self._url, self._timeout_s = url, timeout_s
        self._clock, self._tell = clock, tell
        self._checking: threading.Thread | None = None

    def start(self) -> bool:
        """Begin a check unless one is under way; return whether it began."""
        if self._checking is not None and self._checking.is_alive():
            return False
        self._checking = threading.Thread(
            target=self._check, name="agcod-guard-reference", daemon=True
        )
        self._checking.start()
        return True

    def wait(self, timeout_s: float) -> None:
        """Wait for the check under way, if there is one."""
        if self._checking is not None:
            self._checking.join(timeout_s)

    def _check(self) -> None:
        problem = self._problem()
        self._tell(
            Reference(
                wall_ns=int(self._clock.wall_s() * 1e9),
                mono_ns=int(self._clock.monotonic_s() * 1e9),
                target=self._url,
                reached=problem is None,
                detail=problem or "",
            )
        )

    def _problem(self) -> str | None:
        """Return what came instead of an answer; None if one came."""
        try:
            with requests.get(
                self._url, timeout=self._timeout_s, allow_redirects=False, stream=True
            ):
                return None
        except requests.RequestException as error:
            return type(error).__name__
