"""What a drill plays, act by act. Pure data.

A partner's program orders from two endpoints. One of them breaks, first with
answers that say so and then with none at all, and comes back; the other never
does, so that the guard has to tell the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from agcod_guard.outage.policy import OutagePolicy

BROKEN = "eu"
"""Region of the endpoint that breaks."""

HEALTHY = "na"
"""Region of the endpoint that does not."""

PARTNER_ID = "Drill"

BANNER = "NOT FOR THE PAGER - THIS IS A DRILL"
"""What every file for a person begins with."""

_HURRIED = OutagePolicy().scaled(1 / 30)


class Goal(Enum):
    """What an act waits for, besides its length."""

    NOTHING = auto()
    DECLARED = auto()
    """The guard says that the broken endpoint is down."""
    CLOSED = auto()
    """The guard has closed the incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A stretch of the drill in which the broken endpoint behaves one way.

    Attributes:
        title: What happens, in words.
        fault: Name of the simulator's fault; None for health.
        lasts_s: How long at least.
        goal: What else must have happened before the next act.
    """

    title: str
    fault: str | None
    lasts_s: float
    goal: Goal = Goal.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A whole drill.

    Attributes:
        policy: The outage policy it is played under.
        timeout_s: The program's timeout for each call.
        patience_s: How long an act waits for its goal before the drill is given
            up: more than twice as long as any should take.
        acts: What happens, in order.
    """

    policy: OutagePolicy
    timeout_s: float
    patience_s: float
    acts: tuple[Act, ...]


def _acts(
    *, healthy_s: float, failing_s: float, silent_s: float
) -> tuple[Act, Act, Act, Act]:
    return (
        Act(title="both endpoints answer", fault=None, lasts_s=healthy_s),
        Act(
            title="EU breaks: every call is answered with F500",
            fault="F500",
            lasts_s=failing_s,
            goal=Goal.DECLARED,
        ),
        Act(
            title="EU gets worse: no answer at all, calls time out",
            fault="hang",
            lasts_s=silent_s,
        ),
        Act(title="EU is repaired", fault=None, lasts_s=0.0, goal=Goal.CLOSED),
    )


STANDARD = Story(
    policy=_HURRIED,
    timeout_s=1.0,
    patience_s=40.0,
    acts=_acts(healthy_s=8.0, failing_s=9.0, silent_s=5.0),
)
"""Under a minute, with every duration of the policy a thirtieth of its own."""

QUICK = Story(
    policy=_HURRIED,
    timeout_s=1.0,
    patience_s=40.0,
    acts=_acts(healthy_s=2.0, failing_s=0.0, silent_s=2.0),
)
"""As short as can be: only what must happen, happens."""

REAL_TIME = Story(
    policy=OutagePolicy(),
    timeout_s=6.0,
    patience_s=900.0,
    acts=_acts(healthy_s=60.0, failing_s=240.0, silent_s=120.0),
)
"""As it would be in production, with the timeout that Amazon advises: about
12 minutes."""
