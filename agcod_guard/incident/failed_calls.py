"""What the technically failed calls of an outage have in common. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from agcod_guard.call import Call
from agcod_guard.protocol.operations import OPERATIONS

_MOST_SOURCES = 1_000
_MOST_NAMES = 50
_LISTED_ORDERS = 5


@dataclass(slots=True)
class FailedCalls:
    """What the technically failed calls have in common."""

    sources: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    operations: Counter[str] = field(default_factory=Counter)
    named: dict[str, Call] = field(default_factory=dict)
    nameless: list[Call] = field(default_factory=list)
    best: Call | None = None
    first_activation: Call | None = None
    last_at_s: float | None = None

    def add(self, call: Call) -> None:
        """Take in the next failed call."""
        self.last_at_s = max(self.last_at_s or call.ended_at_s, call.ended_at_s)
        if len(self.sources) < _MOST_SOURCES:
            self.sources.add(call.source)
        if call.currency and len(self.currencies) < _MOST_NAMES:
            self.currencies.add(call.currency)
        if call.operation in self.operations or len(self.operations) < _MOST_NAMES:
            self.operations[call.operation] += 1
        if call.request_id is not None:
            if len(self.named) < _LISTED_ORDERS:
                self.named.setdefault(call.request_id, call)
        elif len(self.nameless) < _LISTED_ORDERS:
            self.nameless.append(call)
        if self.best is None or rank(call) < rank(self.best):
            self.best = call
        if self.first_activation is None and names_a_card(call):
            self.first_activation = call

    @property
    def examples(self) -> tuple[Call, ...]:
        """The first call of each of the first orders; those Amazon can look up."""
        return (*self.named.values(), *self.nameless)[:_LISTED_ORDERS]


def names_a_card(call: Call) -> bool:
    """Whether the call is of an operation on a physical card."""
    operation = OPERATIONS.get(call.operation)
    return operation is not None and operation.takes_card


def rank(call: Call) -> int:
    """Return how well the call would do as the sample; 0 is best."""
    if call.request_id is None:
        return 2
    return 0 if call.error_code else 1
