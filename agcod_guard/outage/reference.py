"""What a host outside Amazon tells of our own way out. Pure.

It has a say only while it is known to be reachable in good times: many payment
networks block everything but Amazon, and a blocked reference must never clear a
real outage.
"""

from __future__ import annotations

from msgspec import Struct

from agcod_guard.outage.events import Referenced
from agcod_guard.outage.policy import OutagePolicy


class ReferenceState(Struct, frozen=True):
    """What the reference host has told so far.

    Attributes:
        reached_at_s: Last answer; None if it never answered.
        failing_since_s: First of the failed checks in a row; None when the
            last one was answered.
        blocked: Calls went on succeeding while it failed: it is the reference
            that is blocked, as many payment networks do.
    """

    reached_at_s: float | None = None
    failing_since_s: float | None = None
    blocked: bool = False

    def after(
        self, event: Referenced, proven_at_s: float | None, policy: OutagePolicy
    ) -> ReferenceState:
        """Return the state after one more check.

        Args:
            event: The check.
            proven_at_s: When an answer of Amazon's last came to the machine that
                checks; an answer soon after the first failed check was already
                on its way, and shows nothing.
            policy: The policy in force.
        """
        if event.reached:
            return ReferenceState(event.at_s)
        since_s = self.failing_since_s
        if since_s is None:
            return ReferenceState(self.reached_at_s, event.at_s)
        blocked = self.blocked or (
            proven_at_s is not None
            and proven_at_s >= since_s + policy.reference_failing_s
        )
        return ReferenceState(self.reached_at_s, since_s, blocked)


def is_usable(reference: ReferenceState, run_at_s: float, policy: OutagePolicy) -> bool:
    """Whether the reference answered shortly before this run.

    While it goes on failing, what counts is how it was before it failed:
    our own network does not become Amazon's fault by being down for an hour.
    """
    reached_s, failing_s = reference.reached_at_s, reference.failing_since_s
    if reached_s is None or reference.blocked:
        return False
    before_s = run_at_s if failing_s is None else min(run_at_s, failing_s)
    return before_s - reached_s <= policy.reference_usable_s
