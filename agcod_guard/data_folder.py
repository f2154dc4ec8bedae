"""The data folder: what stands in it, and what can be read from it.

Commands read it beside a guard that is at work, and change nothing.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from agcod_guard.call import Scope
from agcod_guard.clock import SystemClock
from agcod_guard.delivery.drafts import DraftFolder
from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.delivery.hold import HoldFile
from agcod_guard.frames import Header
from agcod_guard.incident.acts import BUSINESS_ACTION, RECENT_CHANGES
from agcod_guard.incident.dossier import LATENCY_BEFORE_S
from agcod_guard.incident.doubt import DoubtfulOrder
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.items import Reporter
from agcod_guard.incident.pursuit import answer_to
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.ports import Clock
from agcod_guard.settings import Account, Settings
from agcod_guard.status import Status, status_of
from agcod_guard.storage.boot import boot_id
from agcod_guard.storage.ladder import SqliteLadder
from agcod_guard.storage.outbox import SqliteOutbox
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.storage.segments import JournalLimits, SegmentJournal
from agcod_guard.storage.tick_lock import TickLock
from agcod_guard.telemetry.observers import Observers
from agcod_guard.version import __version__
from agcod_guard.watching.kept import (
    folded_since_s,
    kept_bookkeeper,
    kept_reckoning,
    state_in,
)
from agcod_guard.watching.packing import JournalPacker, Mails
from agcod_guard.watching.reckoning import Reckoning, policy_of, reckoned

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFolder:
    """Everything that stands on disk; also what a command reads.

    Attributes:
        settings: Say where, and whose.
        clock: The time.
    """

    settings: Settings
    clock: Clock

    def header(self) -> Header:
        """Return a segment header of this process, with both clocks as of now."""
        settings = self.settings
        return Header(
            source=settings.source,
            boot_id=boot_id() if isinstance(self.clock, SystemClock) else "no-boot",
            pid=os.getpid(),
            wall_ns=int(self.clock.wall_s() * 1e9),
            mono_ns=int(self.clock.monotonic_s() * 1e9),
            version=__version__,
            policy=asdict(settings.policy),
            hosts={name: str(endpoint) for name, endpoint in settings.hosts.items()},
            partner_id=settings.partner_id,
            drill=settings.drill,
        )

    def ladder(self) -> SqliteLadder:
        """Return the ladder."""
        return SqliteLadder(self.settings.data_dir / "ladder.sqlite", self.clock)

    def reader(self, observer: Observers) -> SegmentReader:
        """Return a reader of the journal."""
        return SegmentReader(self.settings.data_dir / "journal", observer)

    def packets(self) -> IncidentFolder:
        """Return where incidents' files stand."""
        return IncidentFolder(self.settings.data_dir)

    def turn(self) -> TickLock:
        """Return the lock that decides which process acts."""
        return TickLock(self.settings.data_dir / "tick.lock")

    def probe_turn(self, scope: Scope) -> TickLock:
        """Return the lock that decides which process makes a scope's test calls."""
        name = sha256(str(scope).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return TickLock(self.settings.data_dir / f"probe-{name}.lock")

    def journal(self, observer: Observers, ladder: SqliteLadder) -> SegmentJournal:
        """Return this process's writer."""
        quota = self.settings.journal
        return SegmentJournal(
            self.settings.data_dir / "journal",
            header=self.header,
            clock=self.clock,
            observer=observer,
            limits=JournalLimits(
                quota_bytes=quota.max_bytes, quota_s=quota.max_days * DAY_S
            ),
            protected_since_s=lambda: _oldest_open_s(ladder.incidents()),
        )

    def outbox(self, ladder: SqliteLadder) -> SqliteOutbox:
        """Return what is to leave the house."""
        return SqliteOutbox(ladder.database)

    def hold(self) -> HoldFile:
        """Return the kill switch."""
        return HoldFile(self.settings.data_dir)

    def drafts(self) -> DraftFolder:
        """Return where mails to Amazon's teams lie."""
        return DraftFolder(self.settings.data_dir)

    def packer(
        self, observer: Observers, ladder: SqliteLadder, *, mails: Mails | None = None
    ) -> JournalPacker:
        """Return what makes an incident's files."""
        return JournalPacker(
            reader=self.reader(observer),
            header=self.header(),
            policy=self.settings.policy,
            packets=self.packets(),
            observer=observer,
            reporter_of=lambda incident: reporter_of(incident, self.settings, ladder),
            mails=mails,
        )


def reckoning_in(
    folder: DataFolder, *, policy: OutagePolicy, observer: Observers, now_s: float
) -> Reckoning:
    """Return where things stand at `now_s`, beside whoever acts; changes nothing.

    Raises:
        DataError: The data folder cannot be read.
    """
    ladder, header = folder.ladder(), folder.header()
    checkpoint = ladder.checkpoint()
    return reckoned(
        folder.reader(observer),
        header=header,
        policy=policy,
        now_s=now_s,
        state=None if checkpoint is None else kept_reckoning(checkpoint, header),
        since_s=folded_since_s(
            checkpoint,
            header,
            incidents=ladder.incidents(),
            now_s=folder.clock.wall_s(),
        ),
    )


def orders_in(
    folder: DataFolder, *, policy: OutagePolicy, only_open: bool = True
) -> list[DoubtfulOrder]:
    """Return the orders in doubt as of now, the oldest first; changes nothing.

    Args:
        folder: The data folder.
        policy: The policy in force.
        only_open: Leave out those whose outcome has become known.

    Raises:
        DataError: The data folder cannot be read.
    """
    ladder, header = folder.ladder(), folder.header()
    now_s = folder.clock.monotonic_s()
    checkpoint = ladder.checkpoint()
    goes_on = None if checkpoint is None else kept_reckoning(checkpoint, header)
    since_s = folded_since_s(
        checkpoint, header, incidents=ladder.incidents(), now_s=folder.clock.wall_s()
    )
    reckoning = Reckoning(
        folder.reader(Observers()), policy=policy, header=header, state=goes_on
    )
    books = kept_bookkeeper(
        ladder,
        reckoning.axes.wall_s,
        state=None if checkpoint is None or goes_on is None else state_in(checkpoint),
        since_s=since_s,
        overdue_s=policy.overdue_s,
    )
    reckoning.follow = books.follow
    reckoning.catch_up(since_s, now_s=now_s)
    reckoning.look(now_s)
    rows = {each.key: each for each in ladder.orders(only_open=False)}
    rows |= {each.key: each for each in books.changed().orders}
    orders = sorted(rows.values(), key=lambda each: each.first_at_s)
    return [each for each in orders if each.closed_at_s is None or not only_open]


def status_in(
    folder: DataFolder, *, policy: OutagePolicy, observer: Observers
) -> Status:
    """Return what is thought of every scope at this moment; changes nothing.

    Raises:
        DataError: The data folder cannot be read.
    """
    now_s = folder.clock.monotonic_s()
    reckoning = reckoning_in(folder, policy=policy, observer=observer, now_s=now_s)
    incidents = folder.ladder().incidents()
    return status_of(reckoning, incidents, now_s=now_s, policy=policy)


def policy_in_force(folder: DataFolder) -> OutagePolicy:
    """Return the policy of the guard that began the newest segment.

    A command may have been given other settings than that guard. Where nothing
    is recorded yet, it is the policy of the settings.

    Raises:
        DataError: The journal cannot be read.
    """
    segments = folder.reader(Observers()).segments()
    return policy_of(segments[-1].header) if segments else folder.settings.policy


def reporter_of(
    incident: Incident, settings: Settings, ladder: SqliteLadder
) -> Reporter:
    """Return what the partner alone can tell about an incident."""
    since_s, acts = ladder.recording_since_s(), ladder.acts(incident.incident_id)
    return replace(
        contact_of(incident.scope.account, settings),
        changes=tuple(ladder.changes(since_s or 0.0)),
        recording_since_s=since_s,
        action=answer_to(acts, BUSINESS_ACTION),
        changes_answer=answer_to(acts, RECENT_CHANGES),
    )


def contact_of(account: str, settings: Settings) -> Reporter:
    """Return whom Amazon may ask about an account, as far as the settings say."""
    known = settings.accounts.get(account, Account())
    return Reporter(
        name=settings.contact.name,
        phone=settings.contact.phone,
        email=settings.contact.email,
        marketplace=known.marketplace,
    )


def _oldest_open_s(incidents: list[Incident]) -> float | None:
    """Return from when on an open incident's packet needs the journal."""
    first_s = [
        each.first_failed_at_s for each in incidents if each.stage is not Stage.RESOLVED
    ]
    return min(first_s) - LATENCY_BEFORE_S if first_s else None
