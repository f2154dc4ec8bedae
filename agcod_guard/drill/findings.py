"""What a drill is judged by: what really happened, and what the guard found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agcod_guard.call import Call
from agcod_guard.drill.story import BROKEN
from agcod_guard.incident.dossier import Dossier
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.items import Item
from agcod_guard.simulator.client import Attempt
from agcod_guard.simulator.truth import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What really happened.

    Attributes:
        attempts: The program's own log, in the order in which calls ended.
        entries: What the simulator met and answered.
    """

    attempts: tuple[Attempt, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the guard left in its folder.

    Attributes:
        incidents: Those of the ladder.
        dossier: The facts of the broken endpoint's incident; None if it has
            none.
        answers: The packet's items as these facts make them.
        recorded: Every call that the journal says has ended.
        replayed: The incidents that come of judging the journal anew.
        files: What stands below the folder, by relative path.
    """

    incidents: tuple[Incident, ...]
    dossier: Dossier | None
    answers: tuple[Item, ...]
    recorded: tuple[Call, ...]
    replayed: tuple[Incident, ...]
    files: Mapping[str, bytes]

    @property
    def incident(self) -> Incident | None:
        """The broken endpoint's incident."""
        regions = {each.scope.endpoint.region: each for each in self.incidents}
        return regions.get(BROKEN)


@dataclass(frozen=True, slots=True)
class Check:
    """A promise, whether it was kept, and the figures it was judged by."""

    promise: str
    kept: bool
    detail: str


def no_incident(promise: str) -> Check:
    """Return that the promise was not kept because there is nothing to judge."""
    return Check(promise, False, f"no incident of {BROKEN.upper()}")
