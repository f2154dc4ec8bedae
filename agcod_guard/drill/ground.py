"""Where a drill takes place: a new folder, a simulator, settings of its own.

Nothing of the user's takes part: no settings file, no environment, no data
folder, no proxy. Everything is written below the one new folder.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from agcod_guard.call import Endpoint, Environment
from agcod_guard.drill.story import BROKEN, HEALTHY, PARTNER_ID
from agcod_guard.errors import DataError, GuardError
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.settings import Account, Contact, Reference, Settings
from agcod_guard.simulator.control import CONTROL_PATH
from agcod_guard.simulator.process import SimulatorProcess

HOSTS: Mapping[str, str] = {"127.0.0.1": BROKEN, "localhost": HEALTHY}
"""Two AGCODs on one port: the region by the name that a client uses."""

_CONNECT_TIMEOUT_S = 5.0
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class NoLoopbackError(GuardError):
    """This machine cannot talk to itself.

    Attributes:
        url: What cannot be reached.
        problem: What the system said.
    """

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(url, problem)
        self.url, self.problem = url, problem

    def __str__(self) -> str:
        host = urlsplit(self.url).hostname
        return (
            f"{self.url} cannot be reached: {self.problem}; the drill needs the "
            f"loopback interface, and {host} has to lead to it (see /etc/hosts)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A place that is ready for a drill.

    Attributes:
        folder: The new folder; also the guard's data folder.
        simulator: A loopback AGCOD in a process of its own.
        settings: The guard's.
    """

    folder: Path
    simulator: SimulatorProcess
    settings: Settings


@contextmanager
def prepared(
    parent: Path,
    *,
    policy: OutagePolicy,
    seed: int,
    hosts: Mapping[str, str] = HOSTS,
) -> Iterator[Ground]:
    """Make a drill's folder below `parent`, start the simulator; end it after.

    Raises:
        DataError: The folder cannot be made.
        SimulatorProcessError: The simulator did not start.
        NoLoopbackError: It cannot be reached.
    """
    names = [f"--host={name}={region}" for name, region in hosts.items()]
    with (
        _without_proxies(),
        SimulatorProcess(f"--seed={seed}", *names) as simulator,
    ):
        for url in simulator.urls.values():
            _require_reachable(url)
        folder = new_folder(parent, datetime.now(UTC))
        yield Ground(
            folder=folder,
            simulator=simulator,
            settings=drill_settings(folder, policy, reference_of(simulator)),
        )


def new_folder(parent: Path, now: datetime) -> Path:
    """Make and return `agcod-drill-TIME`, with a number behind if there is one.

    Raises:
        DataError: It cannot be made.
    """
    name = f"agcod-drill-{now:%Y%m%dT%H%M%SZ}"
    for number in count(1):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise DataError(
                folder,
                f"cannot be made: {error.strerror}",
                remedy="name another folder with --directory",
            ) from error
        return folder.absolute()
    raise AssertionError("numbers do not end")


def drill_settings(folder: Path, policy: OutagePolicy, reference_url: str) -> Settings:
    """Return the settings of a drill; all that is personal in them is made up.

    Made by hand and not by `Settings.load`, which would read what the user has
    set.
    """
    return Settings(
        data_dir=folder,
        source="drill-machine",
        hosts={
            name: Endpoint(region, Environment.LOOPBACK)
            for name, region in HOSTS.items()
        },
        contact=Contact(
            name="Robin Example",
            phone="+44 20 7946 0123",
            email="oncall@example.invalid",
        ),
        accounts={PARTNER_ID: Account(marketplace="UK")},
        policy=policy,
        reference=Reference(url=reference_url),
        drill=True,
    )


def reference_of(simulator: SimulatorProcess) -> str:
    """Return a URL that answers whatever is broken, in place of the internet."""
    return f"{simulator.urls[HEALTHY]}{CONTROL_PATH}faults"


def _require_reachable(url: str) -> None:
    parts = urlsplit(url)
    try:
        address = (parts.hostname or "", parts.port or 0)
        socket.create_connection(address, _CONNECT_TIMEOUT_S).close()
    except OSError as error:
        raise NoLoopbackError(url, error.strerror or str(error)) from error


@contextmanager
def _without_proxies() -> Iterator[None]:
    """Have nobody in this process ask a proxy for this machine's own address."""
    names = [name for name in os.environ if name.lower() in _PROXIES]
    taken = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(taken)
