"""What the fold is told: calls begun and ended, and the reference asked. Pure.

Times are seconds on the fold's axis. An operation is one of a closed set, as
`known_operation` returns it: names are untrusted, and something is remembered
of each.
"""

from __future__ import annotations

from msgspec import Struct

from agcod_guard.call import Outcome
from agcod_guard.protocol.operations import UNKNOWN_OPERATION


class Began(Struct, frozen=True, array_like=True):
    """A call was sent; it is evidence only if no end follows."""

    at_s: float
    wall_ns: int
    scope: str
    order: str
    call_id: str
    source: str
    probe: bool
    operation: str = UNKNOWN_OPERATION


class Ended(Struct, frozen=True, array_like=True):
    """A call has ended, at its completion time."""

    at_s: float
    wall_ns: int
    scope: str
    order: str
    call_id: str
    source: str
    probe: bool
    outcome: Outcome
    marked: bool
    operation: str


class Referenced(Struct, frozen=True, array_like=True):
    """A host outside Amazon was asked whether our own way is open."""

    at_s: float
    reached: bool
    source: str = ""


Event = Began | Ended | Referenced
