"""One scope's test calls in a run: when they are made, and what they prove. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from agcod_guard.call import TECHNICAL_FAILURES, Outcome
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.probing import probe_due_at_s
from agcod_guard.outage.state import ScopeState

TIMEOUT_S = 6.0


@dataclass(slots=True)
class Prober:
    """Makes one test call at a time.

    Attributes:
        last_s: When the last one was sent; None if there was none.
        busy_until_s: When it will have ended.
        results: End and outcome of each.
    """

    last_s: float | None = None
    busy_until_s: float = float("-inf")
    results: list[tuple[float, Outcome]] = field(default_factory=list)

    def is_due(self, state: ScopeState, now_s: float, policy: OutagePolicy) -> bool:
        """Whether a test call is to be made now."""
        due_at_s = probe_due_at_s(state, self.last_s, policy)
        return due_at_s is not None and now_s >= max(due_at_s, self.busy_until_s)

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
        return failed >= policy.confirm_probes and Outcome.SUCCESS not in recent
