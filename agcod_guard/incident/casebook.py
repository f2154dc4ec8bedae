"""Which incidents the changes of the scopes make: one open one per scope. Pure.

A relapse before an incident is closed is the same incident. What is known here
can be made anew from the journal at any time, names included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from agcod_guard.call import Scope
from agcod_guard.incident.incident import Incident, Stage, followed, opened
from agcod_guard.outage.moves import Move
from agcod_guard.outage.state import Phase, Transition


class Casebook:
    """The incidents of all scopes, those closed as well.

    Attributes:
        wall_s: Turns a time on the fold's axis into seconds since the epoch.
    """

    def __init__(
        self,
        incidents: Iterable[Incident] = (),
        *,
        wall_s: Callable[[float], float],
        drill: bool = False,
    ) -> None:
        self.wall_s, self._drill = wall_s, drill
        self._known = {each.incident_id: each for each in incidents}
        self._revisions = {
            name: incident.revision for name, incident in self._known.items()
        }
        self._open = {
            str(each.scope): each.incident_id
            for each in self._known.values()
            if each.stage is not Stage.RESOLVED
        }

    def without_those_since(self, since_s: float) -> Casebook:
        """Return the book without the incidents that began at or after `since_s`.

        It is for making them anew; how often their packets were written stays
        known.
        """
        book = Casebook(
            [each for each in self._known.values() if each.first_failed_at_s < since_s],
            wall_s=self.wall_s,
            drill=self._drill,
        )
        book._revisions = {
            name: incident.revision for name, incident in self._known.items()
        }
        return book

    def follow(self, move: Move) -> Incident | None:
        """Take in a change; return the incident it made or touched, if any."""
        incident = self.open_in(move.scope)
        if move.after is Phase.OUTAGE:
            if incident is None:
                return self.put(self._opened(move))
            if move.before is not Phase.RECOVERING:
                return incident
        elif incident is None or move.after is Phase.SUSPECT:
            return None
        return self.put(
            followed(
                incident,
                move.after,
                self.wall_s(move.at_s),
                confirmed=move.outage is not None and move.outage.confirmed,
            )
        )

    def open_in(self, scope: str) -> Incident | None:
        """Return the incident that is open in that scope."""
        name = self._open.get(scope)
        return None if name is None else self._known[name]

    def get(self, incident_id: str) -> Incident:
        """Return the incident of that name.

        Raises:
            KeyError: There is none.
        """
        return self._known[incident_id]

    def all_open(self) -> list[Incident]:
        """Return the incidents that are not resolved."""
        return [self._known[name] for name in self._open.values()]

    def everything(self) -> list[Incident]:
        """Return every incident, oldest first."""
        return sorted(self._known.values(), key=lambda each: each.opened_at_s)

    def put(self, incident: Incident) -> Incident:
        """Remember the incident as it is now."""
        self._known[incident.incident_id] = incident
        scope = str(incident.scope)
        if incident.stage is not Stage.RESOLVED:
            self._open[scope] = incident.incident_id
        elif self._open.get(scope) == incident.incident_id:
            del self._open[scope]
        return incident

    def _opened(self, move: Move) -> Incident:
        if move.outage is None:
            raise ValueError(f"{move.scope} is down without an outage")
        incident = opened(
            Scope.parse(move.scope), move.outage, wall_s=self.wall_s, drill=self._drill
        )
        revision = self._revisions.get(incident.incident_id, 0)
        return replace(incident, revision=revision)


def transition_of(
    move: Move, incident: Incident | None, *, wall_s: Callable[[float], float]
) -> Transition:
    """Return the change as people hear of it.

    Args:
        move: The change, with times on the fold's axis.
        incident: The one that it made or touched; None if there is none.
        wall_s: Turns a time on that axis into seconds since the epoch.
    """
    first_s = move.first_failed_at_s
    return Transition(
        scope=Scope.parse(move.scope),
        before=move.before,
        after=move.after,
        at_s=wall_s(move.at_s),
        reason=move.reason,
        first_failed_at_s=None if first_s is None else wall_s(first_s),
        incident_id=None if incident is None else incident.incident_id,
    )
