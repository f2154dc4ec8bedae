"""When Amazon last answered each machine, whatever was asked of it. Pure.

An answer with Amazon's marks, of any account at any endpoint, proves the way out
of the machine that got it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agcod_guard.outage.detector import after_marks
from agcod_guard.outage.evidence import MAX_SOURCES
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import ScopeState

_NEVER = float("-inf")


class Marks:
    """The last answer that was Amazon's, by the machine that got it.

    It succeeded, or bore Amazon's marks.
    """

    def __init__(
        self, policy: OutagePolicy, marks: Mapping[str, float] | None = None
    ) -> None:
        """Begin with `marks`, the time of the last answer by machine."""
        self._policy = policy
        self._marks = dict(marks or {})

    def at_rest(self) -> dict[str, float]:
        """Return what a checkpoint keeps."""
        return dict(self._marks)

    def note(self, source: str, at_s: float) -> None:
        """Remember an answer; the machine longest without one is forgotten first."""
        if source not in self._marks and len(self._marks) >= MAX_SOURCES:
            del self._marks[min(self._marks, key=self._marks.__getitem__)]
        self._marks[source] = at_s

    def last_s(self, source: str) -> float | None:
        """Return when that machine was last answered; None if it never was."""
        return self._marks.get(source)

    def informed(self, state: ScopeState, sources: Iterable[str]) -> ScopeState:
        """Return the state with what Amazon has told those machines elsewhere."""
        proof_s = state.evidence.proof_at_s
        known_s = newest_s = _NEVER if proof_s is None else proof_s
        for each in sources:
            newest_s = max(newest_s, self._marks.get(each, _NEVER))
        if newest_s == known_s:
            return state
        return after_marks(state, newest_s, policy=self._policy)
