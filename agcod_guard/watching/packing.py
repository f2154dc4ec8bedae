"""Gather what an incident's packet needs, and have it written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from agcod_guard.frames import Header, Sample
from agcod_guard.incident.briefing import Briefing
from agcod_guard.incident.dossier import LATENCY_BEFORE_S, Dossier, DossierBuilder
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.items import SAMPLE_FILE, Reporter, missing_items
from agcod_guard.incident.packet import packet_files
from agcod_guard.journal.recollection import CLOCK_STEP_S, Recollection
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.ports import JournalReader, Observer, Packets
from agcod_guard.protocol.failures import is_mock_id


class Mails(Protocol):
    """Writes the mails that belong to an incident."""

    def files(self, briefing: Briefing, now_s: float) -> Mapping[str, bytes]:
        """Return the drafts that go beside the packet."""
        ...

    def withdrawn(self, incident: Incident, now_s: float) -> Collection[str]:
        """Return the drafts that must not lie beside the packet any more."""
        ...

    def packed(self, briefing: Briefing, now_s: float) -> None:
        """Post what is due, now that the packet stands."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPacker:
    """Makes an incident's files from the journal.

    Attributes:
        reader: The journal.
        header: This process's own; its boot is the axis.
        policy: The policy in force.
        packets: Where the files go.
        observer: Told of what was written.
        reporter_of: What the partner alone can tell about an incident.
        mails: Writes the mails; None where nobody is to be written to.
    """

    reader: JournalReader
    header: Header
    policy: OutagePolicy
    packets: Packets
    observer: Observer
    reporter_of: Callable[[Incident], Reporter]
    mails: Mails | None = None

    def pack(self, incident: Incident, now_s: float) -> Incident:
        """Write the files as of `now_s` (wall clock); return the new revision.

        Raises:
            OSError, DataError: They could not be written or read.
        """
        briefing = self.briefing(incident, now_s)
        drafts, withdrawn = self._drafts(briefing, now_s)
        folder = self.packets.write(
            incident.incident_id, {**briefing.files, **drafts}, withdrawn=withdrawn
        )
        revisions = self.packets.revisions(incident.incident_id)
        packed = replace(briefing.incident, revision=len(revisions))
        self.observer.packet_written(packed, folder)
        self._post(briefing, now_s)
        return packed

    def briefing(self, incident: Incident, now_s: float) -> Briefing:
        """Return the incident, its facts and its packet as of `now_s` (wall clock).

        Raises:
            DataError: The journal cannot be read.
        """
        dossier, reporter = self.dossier(incident, now_s), self.reporter_of(incident)
        files = packet_files(incident, dossier, reporter, now_s=now_s)
        missing = missing_items(
            incident, dossier, reporter, sample_withheld=SAMPLE_FILE not in files
        )
        return Briefing(
            incident=replace(incident, missing=missing), dossier=dossier, files=files
        )

    def _drafts(
        self, briefing: Briefing, now_s: float
    ) -> tuple[Mapping[str, bytes], Collection[str]]:
        """Return the drafts, and the names of those that are withdrawn.

        None where they cannot be made: the packet goes first.
        """
        withdrawn: Collection[str] = ()
        if self.mails is None:
            return {}, withdrawn
        try:
            withdrawn = self.mails.withdrawn(briefing.incident, now_s)
            return self.mails.files(briefing, now_s), withdrawn
        except Exception as error:
            self.observer.internal_error("drafts", error)
            return {}, withdrawn

    def _post(self, briefing: Briefing, now_s: float) -> None:
        try:
            if self.mails is not None:
                self.mails.packed(briefing, now_s)
        except Exception as error:
            self.observer.internal_error("mailroom", error)

    def dossier(self, incident: Incident, now_s: float) -> Dossier:
        """Return what the journal tells of the incident, up to `now_s`.

        Of one that is resolved, what came later is left out: whenever its files
        are made, they are the same.

        Raises:
            DataError: The journal cannot be read.
        """
        builder = DossierBuilder(incident)
        journal = Recollection(
            reader=self.reader,
            header=self.header,
            policy=self.policy,
            tell_tried=builder.add_tried_way,
        )
        since_s = incident.first_failed_at_s - LATENCY_BEFORE_S
        until_s = incident.resolved_at_s or float("inf")
        for fact in journal.facts(
            since_s, min(now_s, until_s), until_s=until_s + CLOCK_STEP_S
        ):
            if isinstance(fact, Sample):
                builder.add_sample(fact)
            elif fact.call.ended_at_s >= until_s:
                break
            elif not is_mock_id(fact.call.request_id):
                builder.add_call(fact.call)
        return builder.dossier()
