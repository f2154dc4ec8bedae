"""When an incident's files are to be written: at every change, then ever rarer."""

from __future__ import annotations

from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.outage.policy import OutagePolicy

RETRY_S = 10.0
"""How soon a packet that could not be written is tried again, at the latest."""


class PackingPlan:
    """The incidents whose files are to be written, and when."""

    def __init__(self, policy: OutagePolicy) -> None:
        self._first_s = policy.packet_every_s
        self._retry_s = min(RETRY_S, policy.packet_every_s)
        self._due_at_s: dict[str, float] = {}
        self._every_s: dict[str, float] = {}
        self._owed: set[str] = set()

    def changed(self, incident: Incident) -> None:
        """Its files are due at once."""
        self._due_at_s[incident.incident_id] = float("-inf")
        self._every_s[incident.incident_id] = self._first_s
        self._owed.add(incident.incident_id)

    def due(self, now_s: float) -> list[str]:
        """Return the incidents whose files are to be written now."""
        return [name for name, at_s in self._due_at_s.items() if at_s <= now_s]

    def owed(self) -> list[str]:
        """Return the incidents whose last change is not in their files yet."""
        return sorted(self._owed)

    def packed(self, incident: Incident, now_s: float) -> None:
        """Its files stand; while it is open they are made anew, at doubling times."""
        name = incident.incident_id
        self._owed.discard(name)
        if incident.stage is not Stage.OPEN:
            del self._due_at_s[name], self._every_s[name]
            return
        self._due_at_s[name] = now_s + self._every_s[name]
        self._every_s[name] *= 2

    def failed(self, incident: Incident, now_s: float) -> None:
        """They could not be written; try again soon."""
        self._due_at_s[incident.incident_id] = now_s + self._retry_s
