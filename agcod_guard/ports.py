"""What the core asks of the world outside, as Protocols.

Each states the promise; no adapter derives from it, mypy checks the fit where
`guard.py` puts the two together. `Observer` is only told: an observer that
fails is counted and otherwise left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from agcod_guard.frames import End, Frame, Header, Kind
from agcod_guard.incident.acts import Act
from agcod_guard.incident.doubt import DoubtfulOrder
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.parcel import Claim, Entry, Parcel, Result
from agcod_guard.incident.troubles import AccountTrouble
from agcod_guard.outage.own_side import OwnSideTransition
from agcod_guard.outage.state import OperationTransition, Transition


class Clock(Protocol):
    """The time, for those that may ask: `recorder`, `watch` and adapters."""

    def wall_s(self) -> float:
        """Return seconds since the Unix epoch; may jump; for stamps."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds from any start; never goes back; for durations."""
        ...


class Journal(Protocol):
    """Where this process writes its frames. Safe from any thread."""

    def append(self, frame: Frame) -> bool:
        """Store the frame; False if it could not be stored. Never raises.

        No lock, no sync: one write. What is lost is counted and told to the
        observer by `maintain`.
        """
        ...

    def unwritten(self) -> list[Frame]:
        """Return frames that could not be stored; each only once.

        Those that are stored later after all count only once: `Stream` knows.
        """
        ...

    def maintain(self) -> None:
        """Sync, roll, notice deletion, keep the quota; once a second.

        Called by the helper thread only. Never raises for I/O.
        """
        ...

    def close(self) -> None:
        """Sync and close; later appends open a new segment."""
        ...


class Position(msgspec.Struct, frozen=True):
    """A place in the journal: a segment's file name and a byte offset."""

    segment: str
    offset: int


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A frame as it was read: whose it is, where it stands, what it says.

    `payload` is decoded by whoever wants it (`frames.decoded`), so that a
    reader in a hurry can skip or look at a part only.
    """

    header: Header
    position: Position
    end: int
    kind: Kind
    payload: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the journal: its name, who writes it, how far it has come."""

    name: str
    header: Header
    size_bytes: int
    changed_at_s: float


class JournalReader(Protocol):
    """The frames of every process on this host.

    Every method raises `DataError` when the folder itself cannot be read; a
    journal that does not exist yet is an empty one.
    """

    def segments(self) -> list[Segment]:
        """Return the segments, oldest first by their header's wall clock."""
        ...

    def frames(self, segment: str, offset: int) -> Iterator[Stored]:
        """Yield a segment's frames from that offset on, in the order written.

        A torn last frame is left out; so is a segment that has gone.
        """
        ...

    def tail(self, offsets: Mapping[str, int]) -> Iterator[Stored]:
        """Yield the frames from those offsets on, new segments from their start.

        Segment by segment, in the order written; a torn last frame is left
        for the next time. `offsets` maps a segment's file name to the offset
        of the first byte not yet read.
        """
        ...

    def between(self, from_wall_s: float, until_wall_s: float) -> Iterator[Stored]:
        """Yield the frames of the segments that may hold that time.

        Whole segments are skipped by their header's time and their mtime;
        frames outside the time may be yielded.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """State of the watch, so that a start need not read everything.

    Attributes:
        boot_id: The boot whose axis the state's times are on.
        state: The watch's own JSON.
    """

    boot_id: str
    state: bytes


@dataclass(frozen=True, slots=True)
class Books:
    """Rows of the books that are kept with the checkpoint.

    Attributes:
        orders: Orders in doubt, and those that were.
        troubles: Troubles of accounts.
    """

    orders: Sequence[DoubtfulOrder] = ()
    troubles: Sequence[AccountTrouble] = ()


NO_BOOKS = Books()


@dataclass(frozen=True, slots=True)
class Announced:
    """A transition as every process on this host hears of it, once."""

    number: int
    transition: Transition


class Ladder(Protocol):
    """What people, mails and notes did: the durable part that is not calls.

    Every method raises `DataError` when the file cannot be reached or read.
    """

    def incidents(self) -> list[Incident]:
        """Return all incidents, newest first."""
        ...

    def checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint saved; None at the first start."""
        ...

    def save(
        self,
        checkpoint: Checkpoint,
        *,
        incidents: Sequence[Incident] = (),
        transitions: Sequence[Transition] = (),
        books: Books = NO_BOOKS,
    ) -> None:
        """Store all of it or nothing; what has the name of another replaces it."""
        ...

    def orders(self, *, only_open: bool = True) -> list[DoubtfulOrder]:
        """Return the orders in doubt, or also those that were, the oldest first."""
        ...

    def orders_in_doubt(self) -> dict[tuple[str, str], int]:
        """Return how many orders are in doubt, by account and endpoint."""
        ...

    def troubles(self, since_day: str = "") -> list[AccountTrouble]:
        """Return the troubles of accounts from that day on, `2026-11-22`."""
        ...

    def announced(self, after: int) -> list[Announced]:
        """Return the transitions numbered above `after`, oldest first."""
        ...

    def last_announced(self) -> int:
        """Return the number of the newest transition; 0 before the first."""
        ...

    def note_change(self, at_s: float, text: str) -> None:
        """Remember a change on the partner's side."""
        ...

    def changes(self, since_s: float) -> list[tuple[float, str]]:
        """Return (wall time, text) of noted changes since then, oldest first."""
        ...

    def note_version(self, name: str, version: str, at_s: float) -> None:
        """Remember a version; where it differs from the last, that is a change."""
        ...

    def recording_since_s(self) -> float | None:
        """Return the wall time at which this ladder was made; None if it is not."""
        ...

    def note_act(self, act: Act) -> None:
        """Remember what a person did; what was typed is redacted."""
        ...

    def acts(self, incident_id: str | None = None) -> list[Act]:
        """Return what people did, about one incident or all, oldest first."""
        ...


class Outbox(Protocol):
    """Mails and notices on their way; `incident/handover.py` has the rules.

    Times are wall-clock seconds since the Unix epoch. Every method is all or
    nothing, is on disk when it returns, and raises `DataError` when the file
    cannot be reached or read.
    """

    def intend(self, parcel: Parcel) -> bool:
        """Freeze the parcel; False if one of its key stands already.

        One that was cancelled before a copy left is replaced.
        """
        ...

    def entries(self, incident_id: str | None = None) -> list[Entry]:
        """Return what stands in the outbox, of one incident or of all, oldest first."""
        ...

    def due(self, now_s: float) -> list[Entry]:
        """Return what needs a postman now, the most urgent first."""
        ...

    def overdue(self, now_s: float) -> list[Entry]:
        """Mark those whose postman never came back from sending; return them."""
        ...

    def claim(
        self, key: str, *, owner: str, now_s: float, lease_s: float
    ) -> Claim | None:
        """Claim that parcel; None if it cannot be claimed now."""
        ...

    def begin_sending(self, claim: Claim) -> bool:
        """Note that the next byte could make a mail; False: nothing may be sent."""
        ...

    def settle(
        self, claim: Claim, result: Result, *, at_s: float, next_try_at_s: float
    ) -> Entry | None:
        """Note what came of it; return the entry, None if the claim was lost."""
        ...

    def cancel(
        self,
        incident_id: str,
        reason: str,
        *,
        at_s: float,
        keys: Collection[str] | None = None,
    ) -> list[Entry]:
        """Cancel what of the incident can still be held back; return what was.

        Args:
            incident_id: Whose.
            reason: Why, for people.
            at_s: When.
            keys: Only these; None for all.
        """
        ...

    def reopen(self, key: str, *, at_s: float) -> bool:
        """Have a parcel tried once more as it is; False where that cannot be.

        One that was refused, or was cancelled when a copy might have left.
        """
        ...


class Carrier(Protocol):
    """One way out of the house, for mails or for the bodies of one webhook."""

    @property
    def deadline_s(self) -> float:
        """What carrying one parcel takes at most, seconds."""
        ...

    def carry(self, parcel: Parcel, before_data: Callable[[], bool]) -> Result:
        """Carry it; never raises for what a network or a server does.

        Args:
            parcel: What to carry.
            before_data: Asked directly before the first byte that could make a
                second mail. False: nothing may be sent. Where a second copy
                does no harm it need not be asked.

        Raises:
            NotAllowed: It may not go there; no socket was opened.
        """
        ...


class Turn(Protocol):
    """Whose turn it is to act for this data folder."""

    def acquire(self) -> bool:
        """Return whether it is this process's turn; keeps it once it has it.

        Raises:
            OSError: It cannot be told.
        """
        ...

    def release(self) -> None:
        """Give the turn away, if it is ours."""
        ...


class Packets(Protocol):
    """Where an incident's files go."""

    def write(
        self,
        incident_id: str,
        files: Mapping[str, bytes],
        *,
        withdrawn: Collection[str] = (),
    ) -> Path:
        """Write the files, each whole or not at all; return their folder.

        Args:
            incident_id: Whose they are.
            files: Their contents, by name.
            withdrawn: Names that no longer stand there afterwards.

        Raises:
            OSError: Nothing of a file stands half-written.
        """
        ...

    def revisions(self, incident_id: str) -> list[Path]:
        """Return the folders of what was written so far, oldest first."""
        ...


class Drafts(Protocol):
    """Where mails to Amazon's teams lie until a person sends them."""

    def write(self, name: str, content: bytes) -> Path:
        """Keep the draft under its name; return its file.

        Raises:
            OSError: It could not be written; an older one still stands.
        """
        ...

    def path_of(self, name: str) -> Path:
        """Return where the draft is, or would be."""
        ...


class Observer(Protocol):
    """Told what happened; may not answer, delay or break anything."""

    def call_ended(self, call: End) -> None:
        """A call has ended, in the partner's thread: be quick."""
        ...

    def transition(self, transition: Transition) -> None:
        """A scope has changed its phase."""
        ...

    def operation_changed(self, operation: OperationTransition) -> None:
        """An operation is down while others of its scope succeed, or up again."""
        ...

    def own_side_changed(self, finding: OwnSideTransition) -> None:
        """Our own side is broken, or no longer; it is no outage."""
        ...

    def packet_written(self, incident: Incident, folder: Path) -> None:
        """An incident's files stand on disk, new or anew."""
        ...

    def packet_failed(self, incident: Incident, error: Exception) -> None:
        """An incident's files could not be written; it is tried again."""
        ...

    def page_due(self, incident: Incident, tier: int, reasons: Sequence[str]) -> None:
        """A tier's mail waits for a person; the reasons say why. Once a tier."""
        ...

    def draft_written(self, draft: Path, subject: str) -> None:
        """A mail to one of Amazon's teams lies ready for a person to send."""
        ...

    def mail_sent(self, entry: Entry) -> None:
        """A server has accepted a mail or a notice."""
        ...

    def mail_delayed(self, entry: Entry) -> None:
        """It could not be handed over; it is tried again."""
        ...

    def mail_unsure(self, entry: Entry) -> None:
        """It may have gone out; sent once more, unless its state is ALARM."""
        ...

    def mail_refused(self, entry: Entry) -> None:
        """The server will not have it; a person must look."""
        ...

    def mail_cancelled(self, entry: Entry) -> None:
        """Its reason is gone; it is sent no more."""
        ...

    def frames_lost(self, count: int, reason: str) -> None:
        """Frames could not be stored; they are in memory only. Once a minute."""
        ...

    def journal_resumed(self) -> None:
        """Frames are stored again."""
        ...

    def journal_bytes(self, total: int) -> None:
        """The journal's present size on disk."""
        ...

    def frames_skipped(self, count: int, segment: str) -> None:
        """A reader met bytes that are no frame."""
        ...

    def call_without_timeout(self, operation: str) -> None:
        """A call was sent with no timeout; told once per process."""
        ...

    def hidden_retries(self, operation: str, attempts: int) -> None:
        """A client has sent one call several times unasked; told once per process."""
        ...

    def internal_error(self, stage: str, error: Exception) -> None:
        """Something of ours failed and was contained."""
        ...
