"""What a drill tells those who watch it: values, and the port they are told by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from agcod_guard.outage.state import Phase


class Tone(Enum):
    """What a happening means."""

    STAGE = auto()
    """The drill itself does something."""
    TROUBLE = auto()
    NEWS = auto()
    RELIEF = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened in a drill.

    Attributes:
        at_s: When, seconds since the Unix epoch.
        what: It, in a few words: `EU OUTAGE`.
        why: More about it; empty if there is no more.
        tone: What it means.
    """

    at_s: float
    what: str
    why: str = ""
    tone: Tone = Tone.NEWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an endpoint stands.

    Attributes:
        region: Which.
        url: Where it is.
        phase: What the guard thinks of it.
        since_s: Since when, seconds since the Unix epoch; None if it was never
            otherwise.
        calls: Calls that the program has made.
        failed: Those that failed.
        newest: What came of the newest call; empty before the first.
    """

    region: str
    url: str
    phase: Phase
    since_s: float | None
    calls: int
    failed: int
    newest: str


class Audience(Protocol):
    """Watches a drill; told by one thread."""

    def happened(self, happening: Happening) -> None:
        """Something happened."""
        ...

    def stands(self, standings: tuple[Standing, ...]) -> None:
        """How the endpoints stand now; several times a second."""
        ...
