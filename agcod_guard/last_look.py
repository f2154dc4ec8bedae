"""Look once more at the evidence, directly before a page would wake somebody.

Reckons from the journal of every process, beside whoever acts, so that what was
decided a minute ago cannot page anybody whom a call just made would spare.
"""

from __future__ import annotations

from collections.abc import Callable

from agcod_guard.data_folder import DataFolder, policy_in_force, reckoning_in
from agcod_guard.incident.consent import Permission, consent
from agcod_guard.incident.escalation import acknowledgement, by_hand, has_been_sent
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.layout import gmt
from agcod_guard.incident.parcel import Entry, Purpose
from agcod_guard.incident.pursuit import is_approved
from agcod_guard.outage.evidence import is_ours
from agcod_guard.outage.state import Phase
from agcod_guard.ports import Ladder
from agcod_guard.settings.values import PageMode
from agcod_guard.telemetry.observers import Observers


class LastLook:
    """Says why a parcel must not go any more, if it must not."""

    def __init__(
        self, folder: DataFolder, ladder: Ladder, permission: Callable[[], Permission]
    ) -> None:
        self._folder, self._ladder, self._permission = folder, ladder, permission

    def __call__(self, entry: Entry) -> str | None:
        """Return why it is not due; None lets it go.

        Notices go to the partner's own people, and always may.

        Raises:
            DataError: The data folder cannot be read.
        """
        if entry.parcel.purpose is not Purpose.PAGE:
            return None
        incident = self._incident(entry.parcel.incident_id)
        if incident is None:
            return "The incident is not on record."
        tier = entry.parcel.tier or 1
        return (
            self._stopped(incident, tier)
            or self._not_allowed(incident, tier)
            or self._not_down(incident)
        )

    def _incident(self, incident_id: str) -> Incident | None:
        known = self._ladder.incidents()
        return next((each for each in known if each.incident_id == incident_id), None)

    def _stopped(self, incident: Incident, tier: int) -> str | None:
        """Return what a person has done that makes the page needless."""
        acts = self._ladder.acts(incident.incident_id)
        if (ack := acknowledgement(acts)) is not None:
            return f"It was acknowledged at {gmt(ack.at_s)}."
        if has_been_sent(by_hand(acts), tier):
            return f"A person has written to tier {tier} already."
        return None

    def _not_allowed(self, incident: Incident, tier: int) -> str | None:
        """Return what speaks against it; a person's yes gets over what may be doubted.

        What the packet lacks was judged when its bytes were frozen.
        """
        allowed = consent(
            incident,
            self._permission(),
            missing=(),
            recorded_since_s=self._ladder.recording_since_s(),
        )
        approved = is_approved(self._ladder.acts(incident.incident_id), tier)
        if allowed.mode is PageMode.LIVE or (allowed.mode is PageMode.ASK and approved):
            return None
        return " ".join(allowed.reasons)

    def _not_down(self, incident: Incident) -> str | None:
        """Return why the outage does not stand at this moment; None if it does."""
        now_s = self._folder.clock.monotonic_s()
        policy = policy_in_force(self._folder)
        present = reckoning_in(
            self._folder, policy=policy, observer=Observers(), now_s=now_s
        ).present
        state = present.scopes.get(str(incident.scope))
        if state is None or state.phase is not Phase.OUTAGE:
            return "The outage does not stand any more."
        if is_ours(state.evidence, present.reference, now_s, policy):
            return "Our own network fails: the reference host does not answer either."
        failed_at_s = state.evidence.last_failed_at_s
        if failed_at_s is None or now_s - failed_at_s >= policy.escalate_fresh_s:
            return "No call has failed of late."
        return None
