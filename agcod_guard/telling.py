"""Tell the partner's callbacks, without waiting for one that never returns.

They run on a thread of their own, one after the other. Whoever tells waits a
moment for them, so that a test by hand finds them told.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from agcod_guard.outage.state import Transition

WAITED_S = 1.0
"""How long a look waits for callbacks before it goes on without them."""

MOST_UNTOLD = 1_000
"""Transitions that wait for callbacks; the oldest go first."""


class Telling:
    """The callbacks of one guard in this process."""

    def __init__(self, contain: Callable[[str, Exception], None]) -> None:
        """Prepare; errors of callbacks go to `contain`."""
        self._contain = contain
        self._callbacks: list[Callable[[Transition], object]] = []
        self.start_afresh()

    def start_afresh(self) -> None:
        """Begin as a process of its own, as after a fork."""
        self._untold: deque[Transition] = deque(maxlen=MOST_UNTOLD)
        self._thread: threading.Thread | None = None

    def add(self, callback: Callable[[Transition], object]) -> None:
        """Have `callback` told of every transition from now on."""
        self._callbacks.append(callback)

    def tell(self, transitions: list[Transition]) -> None:
        """Tell every callback; wait a moment for them, and no longer."""
        if not transitions or not self._callbacks:
            return
        self._untold.extend(transitions)
        if threading.current_thread() is self._thread:
            return  # a callback has looked; it is told when it has returned
        for _ in range(2):  # a thread that was just ending may have missed them
            if self._untold and not self._is_telling():
                self._thread = threading.Thread(
                    target=self._tell_all, name="agcod-guard-callbacks", daemon=True
                )
                self._thread.start()
            if self._thread is not None:
                self._thread.join(WAITED_S)

    def _is_telling(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _tell_all(self) -> None:
        while self._untold:
            transition = self._untold.popleft()
            for callback in tuple(self._callbacks):
                try:
                    callback(transition)
                except Exception as error:
                    self._contain("on_transition", error)
