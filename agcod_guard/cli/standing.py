"""How far an incident's pages have come, as a command sees it at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from agcod_guard.axes import Axes
from agcod_guard.data_folder import DataFolder, policy_in_force, reckoning_in
from agcod_guard.incident.escalation import Due, Pursuit, Waits, due
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.pursuit import pursuit_of
from agcod_guard.outage.state import ScopeState
from agcod_guard.telemetry.observers import Observers


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What has been sent, what is due, and the time on the incident's scale."""

    pursuit: Pursuit
    due: Due
    now_s: float


def on_record_s(folder: DataFolder, wall_s: float) -> float:
    """Return a time of the wall clock on the scale of what is on record.

    They differ by what the clock was set forward or back since this boot's first
    segment; less than half a second is none.

    Raises:
        DataError: The journal cannot be read.
    """
    axes = Axes(folder.header())
    for segment in folder.reader(Observers()).segments():
        axes.learn(segment.header)
    present_s = axes.wall_s(folder.clock.monotonic_s())
    return wall_s + round(present_s - folder.clock.wall_s())


def standing_in(folder: DataFolder, incident: Incident) -> Standing:
    """Return how far the pages have come, by the journal of every process.

    Raises:
        DataError: The data folder cannot be read.
    """
    ladder, policy = folder.ladder(), policy_in_force(folder)
    present_s = folder.clock.monotonic_s()
    reckoning = reckoning_in(
        folder, policy=policy, observer=Observers(), now_s=present_s
    )
    evidence = reckoning.present.scopes.get(str(incident.scope), ScopeState()).evidence

    def wall(at_s: float | None) -> float | None:
        return None if at_s is None else reckoning.axes.wall_s(at_s)

    pursuit = pursuit_of(
        ladder.acts(incident.incident_id),
        folder.outbox(ladder).entries(incident.incident_id),
        last_failed_at_s=wall(evidence.last_failed_at_s),
        last_success_at_s=wall(evidence.last_success_at_s),
        held=folder.hold().stands(),
    )
    now_s = reckoning.axes.wall_s(present_s)
    waits = Waits(after_s=policy.escalate_after_s, fresh_s=policy.escalate_fresh_s)
    return Standing(
        pursuit=pursuit,
        due=due(incident, pursuit, now_s=now_s, waits=waits),
        now_s=now_s,
    )
