"""What the fold is told: calls begun and ended, and our own way tried. Pure.

Times are seconds on the fold's axis. An operation is one of a closed set, as
`known_operation` returns it: names are untrusted, and something is remembered
of each.
"""

from __future__ import annotations

from msgspec import Struct

from agcod_guard.call import Outcome, Trouble
from agcod_guard.outage.path import Finding, Route
from agcod_guard.protocol.operations import UNKNOWN_OPERATION


class Began(Struct, frozen=True, array_like=True, gc=False):
    """A call was sent; it is evidence only if no end follows."""

    at_s: float
    wall_ns: int
    scope: str
    order: str
    call_id: str
    source: str
    probe: bool
    operation: str = UNKNOWN_OPERATION
    origin: str = ""
    via: str | None = None


class Ended(Struct, frozen=True, array_like=True, gc=False):
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
    trouble: Trouble | None = None
    origin: str = ""
    via: str | None = None


class Referenced(Struct, frozen=True, array_like=True):
    """A host outside Amazon was asked whether our own way is open."""

    at_s: float
    reached: bool
    source: str = ""


class Checked(Struct, frozen=True, array_like=True):
    """The way that failing calls of a machine went was tried."""

    at_s: float
    source: str
    route: Route
    finding: Finding


Event = Began | Ended | Referenced | Checked
