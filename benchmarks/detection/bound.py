"""How soon anybody could know: Lorden's bound, and the floor of the policy. Pure.

G. Lorden (1971): whatever the detector, if false pages are to be `g` orders apart
on average, the delay is at least about `log(g) / I` orders, where `I` is the
information in one order: the divergence of what orders come to in an outage from
what they come to on a healthy day. In a total outage every order fails, so `I` is
the logarithm of one over the healthy share of failures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain

from agcod_guard.outage.policy import OutagePolicy
from benchmarks.detection.streams import Outage, Sent

YEAR_S = 365.0 * 86_400.0
"""How far apart false pages may be, on average."""


def orders_between_false_pages(rate: float) -> float:
    """Return how many orders that is, at `rate` orders a second."""
    return max(YEAR_S * rate, math.e)


def least_orders(rate: float, noise: float) -> float:
    """Return the fewest failing orders after which a page can be right."""
    return math.log(orders_between_false_pages(rate)) / -math.log(noise)


def least_delay_s(rate: float, noise: float) -> float:
    """Return how long after the first of them, at best, the last one fails."""
    return (math.ceil(least_orders(rate, noise)) - 1) / rate


def policy_floor_s(
    outage: Outage,
    calls: Iterable[Sent],
    *,
    probed_s: Sequence[float],
    policy: OutagePolicy,
) -> float:
    """Return the earliest time at which the policy lets the outage be declared.

    Its three conditions alone: long enough, enough different failures, enough of
    them the partner's own. Who decides faster has another policy.

    Args:
        outage: The outage, whose onset is known.
        calls: The calls of the run.
        probed_s: When the probes failed, if there were any.
        policy: The policy.
    """
    seen: set[str] = set()
    real_s: list[float] = []
    for at_s, order in sorted(_failures(outage, calls)):
        if order not in seen:
            seen.add(order)
            real_s.append(at_s)
        if len(real_s) >= policy.failed:
            break
    failed_s = sorted(
        chain(real_s, (at_s for at_s in probed_s if at_s >= outage.onset_s))
    )
    needed = (real_s[policy.real_failed - 1 :], failed_s[policy.failed - 1 :])
    if not all(needed):
        return math.inf
    return max(outage.onset_s + policy.hold_s, *(times[0] for times in needed))


def _failures(outage: Outage, calls: Iterable[Sent]) -> Iterable[tuple[float, str]]:
    for call in calls:
        at_s = call.failed_at_s
        if call.scope == outage.scope and at_s is not None and at_s >= outage.onset_s:
            yield at_s, call.order
