"""Look once a second; act where it is our turn, listen where it is not.

One process per host reckons where things stand and acts on what has changed
(`watching/desk.py`). The other processes hear of it from the ladder.
"""

from __future__ import annotations

from agcod_guard.errors import DataError
from agcod_guard.frames import Header
from agcod_guard.outage.fold import Fold
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Transition
from agcod_guard.watching.desk import Desk, Surroundings


class Watch:
    """One process's part in watching; acts only when it has the turn."""

    def __init__(
        self, around: Surroundings, *, header: Header, policy: OutagePolicy
    ) -> None:
        self._around, self._header, self._policy = around, header, policy
        self._desk: Desk | None = None
        self._heard: int | None = None

    @property
    def present(self) -> Fold | None:
        """The fold as of the last tick; None where another process ticks."""
        return None if self._desk is None else self._desk.reckoning.present

    def wall_s(self, now_s: float) -> float | None:
        """Return the time on the incidents' scale; None where another process ticks."""
        return None if self._desk is None else self._desk.reckoning.axes.wall_s(now_s)

    def tick(self, now_s: float) -> list[Transition]:
        """Look once, if it is our turn, and act on what has changed.

        Args:
            now_s: The present, on the monotonic clock.

        Returns:
            What has changed since this process was last told, oldest first.
        """
        if not self._has_turn():
            self._desk = None
            return self._hear()
        news = []
        if self._desk is None:
            news = self._hear()
            self._desk = Desk(self._around, header=self._header, policy=self._policy)
        try:
            return news + self._desk.work(now_s)
        finally:
            self._heard = None

    def begin_anew(self) -> None:
        """Start as a process that has not ticked yet, as after a fork.

        What a child has of its parent's work may be half done, and is told and
        kept by the parent.
        """
        self._desk = self._heard = None

    def suspects(self) -> bool:
        """Whether a run of failures has begun and not ended, however old it is."""
        present = self.present
        return present is not None and present.has_run

    def _has_turn(self) -> bool:
        """Whether to act; where nobody can have the turn, each process does.

        Then the data folder cannot be written, and what a process cannot write
        only that process knows.
        """
        try:
            return self._around.turn.acquire()
        except OSError as error:
            self._around.observer.internal_error("watch.turn", error)
            return True

    def _hear(self) -> list[Transition]:
        """Return what the process whose turn it is has told since."""
        ladder = self._around.ladder
        try:
            if self._heard is None:
                self._heard = ladder.last_announced()
                return []
            announced = ladder.announced(self._heard)
        except DataError as error:
            self._around.observer.internal_error("ladder", error)
            return []
        if announced:
            self._heard = announced[-1].number
        return [each.transition for each in announced]
