"""Put the adapters and the core together; the only place that knows them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from hashlib import sha256

from prometheus_client import CollectorRegistry

from agcod_guard.call import Endpoint, Scope
from agcod_guard.capture.requests import RequestsCapture
from agcod_guard.clock import SystemClock
from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.desk import Surroundings
from agcod_guard.frames import Header
from agcod_guard.heartbeat import WakingJournal
from agcod_guard.incident.dossier import LATENCY_BEFORE_S
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.items import Reporter
from agcod_guard.kept import folded_since_s, kept_reckoning, kept_scopes
from agcod_guard.network.reference import ReferenceCheck
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.packing import JournalPacker
from agcod_guard.ports import Clock
from agcod_guard.protocol.endpoints import HOSTS, MARKETPLACES
from agcod_guard.reckoning import Reckoning, policy_of, reckoned
from agcod_guard.recorder import Recorder
from agcod_guard.settings import Account, Settings
from agcod_guard.status import Status, status_of
from agcod_guard.storage.boot import boot_id
from agcod_guard.storage.ladder import SqliteLadder
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.storage.segments import JournalLimits, SegmentJournal
from agcod_guard.storage.tick_lock import TickLock
from agcod_guard.telemetry.events import Events
from agcod_guard.telemetry.metrics import Metrics
from agcod_guard.telemetry.observers import Observers
from agcod_guard.telemetry.states import ScopeReport
from agcod_guard.version import __version__
from agcod_guard.watch import Watch

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

    def packer(self, observer: Observers, ladder: SqliteLadder) -> JournalPacker:
        """Return what makes an incident's files."""
        return JournalPacker(
            reader=self.reader(observer),
            header=self.header(),
            policy=self.settings.policy,
            packets=self.packets(),
            observer=observer,
            reporter_of=lambda incident: reporter_of(incident, self.settings, ladder),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A guard, put together."""

    metrics: Metrics
    observer: Observers
    ladder: SqliteLadder
    journal: SegmentJournal
    turn: TickLock
    watch: Watch
    recorder: Recorder
    capture: RequestsCapture
    reference: ReferenceCheck | None


def assembled(
    folder: DataFolder, registry: CollectorRegistry, wake: Callable[[], None]
) -> Parts:
    """Return the parts of a guard.

    Args:
        folder: Its data, settings and clock.
        registry: Where the metrics go.
        wake: Called at the first frame of a process.
    """
    settings, clock = folder.settings, folder.clock
    events = Events(calls=settings.events.calls)
    metrics = Metrics(
        registry,
        endpoints=_endpoints(settings),
        accounts=_accounts(settings),
        report=events.internal_error,
    )
    observer = Observers(metrics, events)
    ladder, turn = folder.ladder(), folder.turn()
    journal = folder.journal(observer, ladder)
    recorder = Recorder(
        WakingJournal(journal, wake),
        observer,
        clock,
        hosts=settings.hosts,
        partner_id=settings.partner_id,
        source=settings.source,
        policy=settings.policy,
    )
    metrics.read_states(lambda: scope_reports(ladder))
    return Parts(
        metrics=metrics,
        observer=observer,
        ladder=ladder,
        journal=journal,
        turn=turn,
        watch=Watch(
            Surroundings(
                reader=folder.reader(observer),
                journal=journal,
                ladder=ladder,
                packer=folder.packer(observer, ladder),
                observer=observer,
                turn=turn,
                clock=clock,
            ),
            header=folder.header(),
            policy=settings.policy,
        ),
        recorder=recorder,
        capture=RequestsCapture(recorder),
        reference=_reference_check(settings, clock, journal),
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
    account = settings.accounts.get(incident.scope.account, Account())
    since_s = ladder.recording_since_s()
    return Reporter(
        name=settings.contact.name,
        phone=settings.contact.phone,
        email=settings.contact.email,
        marketplace=account.marketplace,
        changes=tuple(ladder.changes(since_s or 0.0)),
        recording_since_s=since_s,
    )


def scope_reports(ladder: SqliteLadder) -> list[ScopeReport]:
    """Return every scope as the ladder has it, for the metrics.

    Raises:
        DataError: The ladder cannot be read.
    """
    checkpoint = ladder.checkpoint()
    if checkpoint is None:
        return []
    open_in = {
        each.scope for each in ladder.incidents() if each.stage is not Stage.RESOLVED
    }
    return [
        ScopeReport(
            account=kept.scope.account,
            endpoint=kept.scope.endpoint,
            phase=kept.phase,
            first_failed_at_s=kept.first_failed_at_s,
            last_success_at_s=kept.last_success_at_s,
            incident_open=kept.scope in open_in,
        )
        for kept in kept_scopes(checkpoint)
    ]


def _reference_check(
    settings: Settings, clock: Clock, journal: SegmentJournal
) -> ReferenceCheck | None:
    reference = settings.reference
    if reference.url is None:
        return None
    return ReferenceCheck(
        reference.url,
        timeout_s=reference.timeout_s,
        clock=clock,
        tell=journal.append,
    )


def _oldest_open_s(incidents: list[Incident]) -> float | None:
    """Return from when on an open incident's packet needs the journal."""
    first_s = [
        each.first_failed_at_s for each in incidents if each.stage is not Stage.RESOLVED
    ]
    return min(first_s) - LATENCY_BEFORE_S if first_s else None


def _endpoints(settings: Settings) -> list[Endpoint]:
    """Return the endpoints that the settings name, themselves or by marketplace."""
    codes = {account.marketplace for account in settings.accounts.values()}
    served = {host.endpoint.region for host in HOSTS}
    regions = served & {place.region for place in MARKETPLACES if place.code in codes}
    return [*settings.hosts.values(), *map(Endpoint, sorted(regions))]


def _accounts(settings: Settings) -> Collection[str]:
    return {*settings.accounts, *filter(None, [settings.partner_id])}
