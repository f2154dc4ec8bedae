"""What `agcod-guard check` finds, and how much it matters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "PROBLEM"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked into.

    Attributes:
        level: How much it matters.
        subject: What was looked into.
        text: What was found, and what to do if it is a problem.
    """

    level: Level
    subject: str
    text: str
