"""Put the adapters and the core of a guard together."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from agcod_guard.call import Endpoint
from agcod_guard.capture.clients import Clients
from agcod_guard.data_folder import DataFolder
from agcod_guard.heartbeat import WakingJournal
from agcod_guard.network.path import Means, PathCheck
from agcod_guard.network.reference import ReferenceCheck
from agcod_guard.ports import Clock
from agcod_guard.post_office import PostOffice, post_office
from agcod_guard.protocol.endpoints import HOSTS, MARKETPLACES, host_of
from agcod_guard.recorder import Recorder
from agcod_guard.scrape import standing_in
from agcod_guard.settings import Settings
from agcod_guard.storage.ladder import SqliteLadder
from agcod_guard.storage.segments import SegmentJournal
from agcod_guard.storage.tick_lock import TickLock
from agcod_guard.telemetry.events import Events
from agcod_guard.telemetry.metrics import Metrics
from agcod_guard.telemetry.observers import Observers
from agcod_guard.watch import Watch
from agcod_guard.watching.desk import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A guard, put together."""

    metrics: Metrics
    observer: Observers
    ladder: SqliteLadder
    journal: SegmentJournal
    turn: TickLock
    watch: Watch
    post: PostOffice
    recorder: Recorder
    capture: Clients
    reference: ReferenceCheck | None
    path: PathCheck


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
    metrics.read_states(lambda: standing_in(folder), place=settings.data_dir)
    post = post_office(folder, ladder, observer)
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
                packer=folder.packer(observer, ladder, mails=post.mailroom),
                correspondent=post.correspondent,
                observer=observer,
                turn=turn,
                clock=clock,
            ),
            header=folder.header(),
            policy=settings.policy,
        ),
        post=post,
        recorder=recorder,
        capture=Clients(recorder),
        reference=_reference_check(settings, clock, journal),
        path=PathCheck(
            clock=clock,
            tell=journal.append,
            contain=recorder.contain,
            means=Means(
                only_loopback=lambda: settings.drill or _is_test_run(),
                other_names=_other_names(settings),
            ),
        ),
    )


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


def _is_test_run() -> bool:
    """Whether a test runner is at work: what it mocks must not be tried for real."""
    return "PYTEST_CURRENT_TEST" in os.environ


def _other_names(settings: Settings) -> tuple[str, ...]:
    """Return hosts from the settings whose names tell whether any can be found."""
    reference = host_of(settings.reference.url) if settings.reference.url else ""
    return tuple(filter(None, (reference, *sorted(settings.hosts))))


def _endpoints(settings: Settings) -> list[Endpoint]:
    """Return the endpoints that the settings name, themselves or by marketplace."""
    codes = {account.marketplace for account in settings.accounts.values()}
    served = {host.endpoint.region for host in HOSTS}
    regions = served & {place.region for place in MARKETPLACES if place.code in codes}
    return [*settings.hosts.values(), *map(Endpoint, sorted(regions))]


def _accounts(settings: Settings) -> Collection[str]:
    return {*settings.accounts, *filter(None, [settings.partner_id])}
