"""How AGCOD, or the way to it, can fail: named faults, and when each acts.

Pure apart from a lock: the board is told the time since the start. Rules are
asked newest first; the first one that fits and whose share is drawn acts.
"""

from __future__ import annotations

import difflib
import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from agcod_guard.errors import GuardError
from agcod_guard.simulator import refusals
from agcod_guard.simulator.refusals import REFUSALS, Refusal


class UnknownNameError(GuardError):
    """A fault, region or operation was named that the simulator does not know.

    Attributes:
        kind: What was named: `fault`, `region` or `operation`.
        value: The name that was given.
        known: The names there are.
    """

    def __init__(self, kind: str, value: object, known: Iterable[str]) -> None:
        self.kind, self.value, self.known = kind, value, tuple(known)
        super().__init__(kind, value, self.known)

    def __str__(self) -> str:
        near = difflib.get_close_matches(str(self.value), self.known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        names = ", ".join(self.known)
        return f"{self.kind} {self.value!r} is not one of: {names}{hint}"


class Delivery(Enum):
    """What happens to the answer on its way out."""

    WHOLE = auto()
    NEVER = auto()
    """Not a byte until the fault is healed; the request waits."""
    RESET = auto()
    """TCP reset instead of an answer."""
    CLOSE = auto()
    """An orderly end instead of an answer."""
    RESET_MID_BODY = auto()
    """Headers and half of the body, then a TCP reset."""
    CLOSE_MID_BODY = auto()
    """Headers and half of the body, then an orderly end."""
    STALL_MID_BODY = auto()
    """Headers and half of the body, the rest only when healed."""
    TRUNCATED = auto()
    """A well-formed HTTP answer whose body is the first half of the real one."""


@dataclass(frozen=True, slots=True)
class Page:
    """A ready-made answer of something in front of AGCOD, such as a balancer."""

    http_status: int
    body: bytes = b""
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to fail.

    Attributes:
        name: The name `break_` takes.
        refusal: Answer in place of the service's own, if any.
        page: Ready-made page in place of any AGCOD answer, if any.
        delivery: What happens to the answer on the wire.
        delay_s: Seconds between the work and the answer.
        works: Whether the order is carried out although the caller does not
            get to see it, so that it is in doubt for him.
    """

    name: str
    refusal: Refusal | None = None
    page: Page | None = None
    delivery: Delivery = Delivery.WHOLE
    delay_s: float = 0.0
    works: bool = False


_BAD_GATEWAY = Page(
    502,
    b"<html><head><title>502 Bad Gateway</title></head>"
    b"<body><h1>Bad gateway</h1></body></html>\n",
)
_UNAVAILABLE = Page(
    503,
    b"<html><head><title>503 Service Unavailable</title></head>"
    b"<body><h1>No server is available</h1></body></html>\n",
)

_ALL = (
    Fault(name="F100", refusal=refusals.INTERNAL),
    Fault(name="F200", refusal=REFUSALS["InvalidRequestInput"]),
    Fault(name="InsufficientFunds", refusal=REFUSALS["InsufficientFunds"]),
    Fault(name="ActiveContractNotFound", refusal=REFUSALS["ActiveContractNotFound"]),
    Fault(name="AccountHasProblems", refusal=REFUSALS["AccountHasProblems"]),
    Fault(name="OperationNotPermitted", refusal=REFUSALS["OperationNotPermitted"]),
    Fault(
        name="ProductTypeNotEnabledInTheContract",
        refusal=REFUSALS["ProductTypeNotEnabledInTheContract"],
    ),
    Fault(name="RESEND", refusal=refusals.RESEND),
    Fault(name="F500", refusal=refusals.UNKNOWN_FAULT),
    Fault(name="throttled", refusal=refusals.THROTTLED),
    Fault(name="403-token", refusal=refusals.BAD_TOKEN),
    Fault(name="403-signature", refusal=refusals.BAD_SIGNATURE),
    Fault(name="403-clock", refusal=refusals.BAD_CLOCK),
    Fault(name="slow", delay_s=2.0, works=True),
    Fault(name="hang", delivery=Delivery.NEVER),
    Fault(name="reset", delivery=Delivery.RESET),
    Fault(name="close", delivery=Delivery.CLOSE),
    Fault(name="reset-mid-body", delivery=Delivery.RESET_MID_BODY, works=True),
    Fault(name="close-mid-body", delivery=Delivery.CLOSE_MID_BODY, works=True),
    Fault(name="stall-mid-body", delivery=Delivery.STALL_MID_BODY, works=True),
    Fault(name="truncated", delivery=Delivery.TRUNCATED, works=True),
    Fault(name="empty-503", page=Page(503)),
    Fault(name="html-502", page=_BAD_GATEWAY),
    Fault(name="html-503", page=_UNAVAILABLE),
    Fault(name="empty-200", page=Page(200, content_type="application/json")),
)

FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by its name."""

_ALIASES = {"f300": "InsufficientFunds", "f400": "RESEND", "403": "403-token"}
_BY_LOOSE_NAME = {name.casefold(): fault for name, fault in FAULTS.items()}


def fault_named(
    name: str, *, delay_s: float | None = None, works: bool | None = None
) -> Fault:
    """Return the fault called `name`, in any case and with `_` for `-`.

    `F300` is short for InsufficientFunds, `F400` for RESEND, `403` for 403-token.

    Args:
        name: A name out of `FAULTS`.
        delay_s: Seconds to wait before the answer, in place of the fault's own.
        works: Whether the order is carried out, in place of the fault's own.

    Raises:
        UnknownNameError: There is no such fault.
    """
    loose = str(name).casefold().replace("_", "-")
    fault = _BY_LOOSE_NAME.get(_ALIASES.get(loose, loose).casefold())
    if fault is None:
        raise UnknownNameError("fault", name, FAULTS)
    return replace(
        fault,
        delay_s=fault.delay_s if delay_s is None else delay_s,
        works=fault.works if works is None else works,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A fault and whom it hits; two rules are never equal.

    Attributes:
        fault: What happens.
        region: The one region it hits; None for all.
        operation: The one operation it hits; None for all.
        share: Ratio of the matching requests that it hits, drawn at random.
    """

    fault: Fault
    region: str | None = None
    operation: str | None = None
    share: float = 1.0

    def fits(self, region: str, operation: str) -> bool:
        """Return whether the rule is about this kind of request."""
        return self.region in {None, region} and self.operation in {None, operation}

    def hides(self, older: Rule) -> bool:
        """Return whether `older` can never act again below this rule."""
        same = (self.region, self.operation) == (older.region, older.operation)
        return same and self.share >= 1


class Schedule:
    """Faults by the time since the simulator's start.

    Args:
        steps: Pairs of seconds since the start and the name of a fault, or
            None for health; each holds until the next.
        region: The one region it hits; None for all.

    Raises:
        UnknownNameError: A step names a fault that there is not.
    """

    def __init__(
        self, steps: Sequence[tuple[float, str | None]], *, region: str | None = None
    ) -> None:
        self.region = region
        self._steps = sorted(
            ((at_s, self._rule(name)) for at_s, name in steps), key=lambda step: step[0]
        )

    def at(self, elapsed_s: float) -> Rule | None:
        """Return the rule in force `elapsed_s` after the start, if any."""
        begun = [rule for at_s, rule in self._steps if at_s <= elapsed_s]
        return begun[-1] if begun else None

    def _rule(self, name: str | None) -> Rule | None:
        if name is None:
            return None
        return Rule(fault=fault_named(name), region=self.region)


class FaultBoard:
    """The rules in force; safe for threads. Shares are drawn from `seed`."""

    def __init__(self, *, schedule: Schedule | None = None, seed: int = 0) -> None:
        self._rules: list[Rule] = []
        self._schedule = schedule
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        """Put `rule` above all others."""
        with self._lock:
            kept = [older for older in self._rules if not rule.hides(older)]
            self._rules = [rule, *kept]

    def clear(self, region: str | None = None) -> None:
        """Remove the rules of `region`; without one, all and the schedule too."""
        with self._lock:
            if region is None:
                self._rules, self._schedule = [], None
            self._rules = [rule for rule in self._rules if rule.region != region]

    def rule_for(self, region: str, operation: str, elapsed_s: float) -> Rule | None:
        """Return the rule that hits this request, drawing shares; None if none."""
        with self._lock:
            for rule in self._in_force(elapsed_s):
                if rule.fits(region, operation) and self._random.random() < rule.share:
                    return rule
        return None

    def is_in_force(self, rule: Rule, elapsed_s: float) -> bool:
        """Return whether `rule` has not been healed, hidden or played out."""
        with self._lock:
            return rule in self._in_force(elapsed_s)

    def _in_force(self, elapsed_s: float) -> list[Rule]:
        scheduled = self._schedule.at(elapsed_s) if self._schedule else None
        return [*self._rules, *([scheduled] if scheduled else [])]
