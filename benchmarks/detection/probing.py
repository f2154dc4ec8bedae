"""When the guard's own harmless test call is due, and what the calls prove. Pure.

From 10 s after a run's first technical failure every 5 s, one at a time; every
30 s during an outage; never while all is merely silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agcod_guard.call import TECHNICAL_FAILURES, Outcome
from agcod_guard.outage.detector import Phase, ScopeState
from agcod_guard.outage.policy import OutagePolicy

AFTER_S = 10.0
EVERY_S = 5.0
EVERY_IN_OUTAGE_S = 30.0
TIMEOUT_S = 6.0
CONFIRMING = 3


@dataclass(slots=True)
class Prober:
    """One scope's test calls.

    Attributes:
        last_s: When the last one was sent.
        busy_until_s: When it will have ended.
        results: End and outcome of each.
    """

    last_s: float = float("-inf")
    busy_until_s: float = float("-inf")
    results: list[tuple[float, Outcome]] = field(default_factory=list)

    def is_due(self, state: ScopeState, now_s: float) -> bool:
        """Whether a test call is to be made now."""
        first_s = state.evidence.first_failed_at_s
        if first_s is None or now_s < self.busy_until_s:
            return False
        every_s = EVERY_IN_OUTAGE_S if state.phase is Phase.OUTAGE else EVERY_S
        return now_s >= max(first_s + AFTER_S, self.last_s + every_s)

    def note(self, sent_s: float, end_s: float, outcome: Outcome) -> None:
        """Remember a test call."""
        self.last_s, self.busy_until_s = sent_s, end_s
        self.results.append((end_s, outcome))

    def confirms(self, now_s: float, policy: OutagePolicy) -> bool:
        """Whether enough test calls have failed of late, and none succeeded."""
        recent = [
            outcome
            for at_s, outcome in self.results
            if now_s - policy.hold_s <= at_s <= now_s
        ]
        failed = sum(outcome in TECHNICAL_FAILURES for outcome in recent)
        return failed >= CONFIRMING and Outcome.SUCCESS not in recent
