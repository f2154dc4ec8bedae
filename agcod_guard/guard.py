"""The guard: what a partner's program holds, and where adapters meet the core.

Nothing here raises for I/O into the partner's program: what fails is counted
in `agcod_guard_internal_errors_total` and told as an event.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from prometheus_client import REGISTRY, CollectorRegistry

from agcod_guard.assembly import assembled
from agcod_guard.call import Call, Endpoint, Scope
from agcod_guard.capture.clients import ClientT
from agcod_guard.capture.observe import Headers, Seen, observe
from agcod_guard.clock import SystemClock
from agcod_guard.data_folder import DataFolder, status_in
from agcod_guard.errors import DataError, SettingsError
from agcod_guard.heartbeat import Heartbeat
from agcod_guard.outage.state import Transition
from agcod_guard.ports import Clock
from agcod_guard.protocol.endpoints import HOSTS
from agcod_guard.recorder import Recorder
from agcod_guard.redaction import redact_text
from agcod_guard.rounds import Rounds
from agcod_guard.settings import Settings
from agcod_guard.status import Status

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from agcod_guard.capture.clients import Client

BEATS_APART_S = 0.05
"""The helper thread never looks more often than this, however scaled."""


class Guard:
    """Watches the calls that a partner's clients make to AGCOD.

    ```python
    guard = Guard()
    session = guard.wrap(requests.Session())
    ```

    A guard whose clock is not the machine's own has no helper thread; whoever
    moves the clock calls `tick`.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        registry: CollectorRegistry = REGISTRY,
        clock: Clock | None = None,
    ) -> None:
        """Prepare to watch; nothing is written before the first call.

        Args:
            settings: What the partner decides; `Settings.load()` if not given.
            registry: Where the metrics go.
            clock: The time; the machine's own if not given.

        Raises:
            SettingsError: A setting cannot be worked with.
        """
        self.settings = _settings_of(settings)
        self._clock = clock or SystemClock()
        self._folder = DataFolder(settings=self.settings, clock=self._clock)
        self._parts = assembled(self._folder, registry, self._wake)
        self._rounds = Rounds(self._parts, self._folder)
        known = (*(host.endpoint for host in HOSTS), *self.settings.hosts.values())
        self._endpoints = {str(endpoint): endpoint for endpoint in known}
        self._looking = threading.RLock()  # a callback may ask for a look
        self._heartbeat = Heartbeat(
            self._beat, every_s=max(self.settings.policy.tick_s, BEATS_APART_S)
        )
        _guards.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wrap(self, client: ClientT) -> ClientT:
        """See the calls of `client` from now on; returns the same object.

        Args:
            client: A `requests.Session`, an opener of `urllib.request`, an
                `httpx.Client` or `AsyncClient`, or an `aiohttp.ClientSession`.

        Raises:
            TypeError: It is none of them.
        """
        return self._parts.capture.wrap(client)

    def unwrap(self, client: Client) -> None:
        """Leave `client` as it was before `wrap`."""
        self._parts.capture.unwrap(client)

    def install(self) -> None:
        """See the calls of all clients of this process, made or yet to be made.

        That is requests and urllib.request; httpx and aiohttp as soon as somebody
        imports them. Calls such as `requests.post` and `urlopen` are seen, too.
        """
        self._parts.capture.install()

    def uninstall(self) -> None:
        """Undo `install`; wrapped clients stay wrapped."""
        self._parts.capture.uninstall()

    def observe(
        self, *, method: str, url: str, headers: Headers = None, body: object = None
    ) -> Seen:
        """Record a call made by any other client, as a context manager.

        ```python
        with guard.observe(method="POST", url=url, headers=h, body=b) as seen:
            answer = client.send(...)
            seen.answer(status=answer.code, headers=answer.headers, body=answer.raw)
        ```
        """
        return observe(
            self._parts.recorder, method=method, url=url, headers=headers, body=body
        )

    def record(self, call: Call) -> None:
        """Record a call that you have seen and classified yourself."""
        self._parts.recorder.record(call)

    def check(self, client: Client) -> list[str]:
        """Return what would keep calls of `client` from being seen, if anything."""
        return self._parts.capture.check(client)

    @property
    def recorder(self) -> Recorder:
        """What is told of each call; `capture.httpx.GuardTransport` asks for it."""
        return self._parts.recorder

    @property
    def states(self) -> Collector:
        """What is read from the ladder at each scrape, for one more registry.

        Where `PROMETHEUS_MULTIPROC_DIR` is set, the registry that is scraped is made
        anew each time: `registry.register(guard.states)`.
        """
        return self._parts.metrics.states

    def tick(self, now_s: float | None = None) -> list[Transition]:
        """Look once; the helper thread does it every second.

        Args:
            now_s: The present on the monotonic clock; asked of it if None.

        Returns:
            What has changed since the last look, oldest first.
        """
        with self._looking:
            news = self._rounds.look(
                self._clock.monotonic_s() if now_s is None else now_s
            )
        self._rounds.telling.tell(news)
        return news

    def status(self) -> Status:
        """Return what is thought of every scope at this moment.

        Raises:
            DataError: The data folder cannot be read.
        """
        return status_in(
            self._folder, policy=self.settings.policy, observer=self._parts.observer
        )

    def is_down(
        self, endpoint: Endpoint | str = "eu", partner_id: str | None = None
    ) -> bool:
        """Return whether an outage stands; made to be asked before every sale.

        It answers from memory, in microseconds: as of the last look, about 2 s ago
        at most. What could not be brought up to date for 60 s counts as up. True in
        OUTAGE only: the first success ends it. So something has to go on calling,
        a test call (`set_probe`) or another shop, or nobody learns that it is over.

        Args:
            endpoint: The endpoint, or its name.
            partner_id: The account; None for any account at the endpoint.

        Raises:
            SettingsError: No calls go to such an endpoint.
        """
        where = self._endpoint(endpoint, asked_by="is_down")
        self._wake()
        return self._rounds.down.has(where, partner_id, self._clock.monotonic_s())

    def note_change(self, text: str) -> None:
        """Remember a change on your side, e.g. "deployed 4.2".

        It answers Amazon's question "Were there any recent changes on your end?".
        """
        try:
            self._parts.ladder.note_change(self._clock.wall_s(), redact_text(text))
        except DataError as error:
            self._parts.recorder.contain("note_change", error)

    def on_transition(self, callback: Callable[[Transition], object]) -> None:
        """Have `callback` told of every change of phase.

        It runs on a thread of its own, in every process; an error in it is
        counted, and one that never returns stops no other work.
        """
        self._rounds.telling.add(callback)

    def set_probe(
        self,
        call: Callable[[], object],
        *,
        partner_id: str,
        endpoint: Endpoint | str,
    ) -> None:
        """Have a harmless test call made when real calls of an account fail.

        It confirms an outage, and fills in for the orders of a quiet account; it
        is never made while all is well. Amazon recommends GetAvailableFunds.

        Args:
            call: Makes one such call, signed, with a timeout, and returns the
                response, or raises what its client raises. It runs on a thread
                of the guard's, in one process at a time.
            partner_id: The account it is signed for.
            endpoint: The endpoint it goes to, or its name: `eu`.

        Raises:
            SettingsError: No calls go to such an endpoint.
        """
        where = self._endpoint(endpoint, asked_by="set_probe")
        self._rounds.probe(Scope(partner_id, where), call)

    def flush(self, timeout_s: float = 5.0) -> None:
        """Write, sync and look now, so that what is known stands on disk.

        Args:
            timeout_s: How long to wait for a look that is under way.
        """
        if self._looking.acquire(timeout=timeout_s):
            try:
                news = self._rounds.look(self._clock.monotonic_s())
                self._parts.journal.maintain()
            finally:
                self._looking.release()
            self._rounds.telling.tell(news)

    def close(self) -> None:
        """See no more calls; write and look once more, and let go of everything."""
        self._parts.capture.dismount()
        self._heartbeat.stop(timeout_s=5.0)
        self._rounds.end()
        self._parts.recorder.sweep(last=True)
        self.flush()
        self._parts.journal.close()
        self._parts.turn.release()
        self._parts.metrics.close()
        _guards.discard(self)

    def after_fork(self) -> None:
        """Begin as a process of its own; called in the child."""
        self._looking = threading.RLock()
        self._parts.watch.begin_anew()
        self._rounds.start_afresh()

    def at_exit(self) -> None:
        """Write what waits in memory; called when the program ends."""
        self._parts.recorder.sweep(last=True)
        self._parts.recorder.write_samples()
        self._parts.journal.close()

    def _endpoint(self, given: Endpoint | str, *, asked_by: str) -> Endpoint:
        """Return the endpoint meant, which has to be one that calls can go to."""
        endpoint = self._endpoints.get(str(given))
        if endpoint is None:
            expected = f"one of {', '.join(sorted(self._endpoints))}"
            raise SettingsError(
                f"endpoint of {asked_by}", str(given), expected, origin="an argument"
            )
        return endpoint

    def _wake(self) -> None:
        """Start the helper thread, unless somebody else moves the clock."""
        if not isinstance(self._clock, SystemClock):
            return
        try:
            self._heartbeat.start()
        except Exception as error:
            self._parts.recorder.contain("guard.wake", error)

    def _beat(self) -> None:
        """Look once, on the helper thread."""
        try:
            self.tick()
        except Exception as error:
            self._parts.recorder.contain("guard.beat", error)


def _settings_of(given: object) -> Settings:
    """Return the settings given, or those of file and environment if None."""
    if given is None:
        return Settings.load()
    if isinstance(given, Settings):
        return given
    expected = "a Settings, such as Settings.load(...) returns"
    raise SettingsError("settings", given, expected, origin="an argument of Guard")


_guards: weakref.WeakSet[Guard] = weakref.WeakSet()


def _after_fork() -> None:
    for guard in tuple(_guards):
        guard.after_fork()


def _at_exit() -> None:
    for guard in tuple(_guards):
        guard.at_exit()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
