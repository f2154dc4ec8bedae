"""Write an incident's files once more, as a person wants it; send nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agcod_guard.cli.named import NoSuchIncident
from agcod_guard.cli.standing import Standing, standing_in
from agcod_guard.data_folder import DataFolder, policy_in_force
from agcod_guard.delivery.gate import Gate
from agcod_guard.incident.briefing import Briefing
from agcod_guard.incident.drafts import drafts, withdrawn
from agcod_guard.incident.incident import Incident
from agcod_guard.post_office import letterhead
from agcod_guard.telemetry.observers import Observers


@dataclass(frozen=True, slots=True)
class _Drafts:
    """Makes the drafts beside a packet, and posts none of them."""

    folder: DataFolder
    standing: Standing

    def files(self, briefing: Briefing, now_s: float) -> Mapping[str, bytes]:
        """Return the drafts that go beside the packet."""
        folder = self.folder
        return drafts(
            briefing,
            letterhead(briefing.incident, folder, folder.ladder()),
            pursuit=self.standing.pursuit,
            due=self.standing.due,
            now_s=now_s,
            rehearsal=Gate(rehearsal=folder.settings.drill).is_rehearsal,
        )

    def withdrawn(self, incident: Incident, now_s: float) -> Sequence[str]:
        """Return the drafts that must not lie beside the packet any more."""
        return withdrawn(incident, self.standing.pursuit)

    def packed(self, briefing: Briefing, now_s: float) -> None:
        """Leave what is to go to the guard at work, and to `agcod-guard send`."""


def rebuild(folder: DataFolder, name: str, incident: Incident | None) -> None:
    """Write one more revision, from the journal.

    Args:
        folder: The data folder.
        name: The incident's id.
        incident: As the ladder has it; None if it does not know it.

    Raises:
        NoSuchIncident: The ladder does not know it; exit code 1.
        DataError: The ladder or the journal cannot be read.
        OSError: A file cannot be written.
    """
    if incident is None:
        raise NoSuchIncident(
            f"{name} has files, but the ladder does not know it; "
            "`agcod-guard replay --out` makes packets without a ladder"
        )
    standing = standing_in(folder, incident)
    packer = folder.packer(
        Observers(), folder.ladder(), mails=_Drafts(folder, standing)
    )
    in_force = replace(packer, policy=policy_in_force(folder))
    in_force.pack(incident, standing.now_s)
