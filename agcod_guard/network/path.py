"""Try our own way to AGCOD: names, a connection, the certificate.

Nothing is ever asked of the host, and nothing is sent through a proxy. A round
runs on a thread of its own, at most one at a time, and has a few seconds in all;
a lookup that hangs longer is left to itself, and not begun again meanwhile.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from agcod_guard.call import Environment
from agcod_guard.frames import Network
from agcod_guard.network.lookups import (
    Address,
    Lookups,
    Resolve,
    is_address,
    is_loopback,
    left_s,
    resolved,
    since_s,
)
from agcod_guard.network.results import result_of
from agcod_guard.outage.path import Result, Route, Stage, Step
from agcod_guard.ports import Clock
from agcod_guard.protocol.addresses import host_and_port
from agcod_guard.protocol.endpoints import HOSTS

ROUND_S = 5.0
"""How long a round may take, whatever hangs."""

_MOST = 8
_AMAZONS = tuple(
    host.name for host in HOSTS if host.endpoint.environment is Environment.PRODUCTION
)


def default_context() -> ssl.SSLContext:
    """Return a context that trusts whom the system trusts, and whom requests does."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How the network is reached.

    Attributes:
        resolve: Looks a name up.
        context: Makes what verifies certificates.
        only_loopback: Whether all else is to be left unchecked: in a rehearsal.
        other_names: Hosts whose names are looked up as well, to tell one lost name
            from a lost resolver; beside Amazon's, for a host of Amazon's.
    """

    resolve: Resolve = resolved
    context: Callable[[], ssl.SSLContext] = default_context
    only_loopback: Callable[[], bool] = lambda: False
    other_names: tuple[str, ...] = ()


class PathCheck:
    """Tries routes when told to."""

    def __init__(
        self,
        *,
        clock: Clock,
        tell: Callable[[Network], object],
        contain: Callable[[str, Exception], None],
        means: Means,
    ) -> None:
        """Prepare; each route's results go to `tell`, on the check's thread.

        Args:
            clock: For the frames' stamps.
            tell: Takes the results of a route.
            contain: Takes what goes wrong with the check itself.
            means: How the network is reached.
        """
        self._clock, self._tell, self._contain = clock, tell, contain
        self._means, self._lookups = means, Lookups(means.resolve)
        self._context: ssl.SSLContext | None = None
        self._checking: threading.Thread | None = None

    def start(self, routes: Sequence[Route]) -> bool:
        """Begin to try the routes unless a round is under way; return whether."""
        if self._checking is not None and self._checking.is_alive():
            return False
        self._checking = threading.Thread(
            target=self._check, args=(routes,), name="agcod-guard-path", daemon=True
        )
        self._checking.start()
        return True

    def wait(self, timeout_s: float) -> None:
        """Wait for the round under way, if there is one."""
        if self._checking is not None:
            self._checking.join(timeout_s)

    def _check(self, routes: Sequence[Route]) -> None:
        deadline_s = time.monotonic() + ROUND_S
        hosts = [host_and_port(each.called)[0] for each in routes if each.called]
        for route in routes:
            try:
                steps = self._steps(route, hosts, deadline_s)
                self._tell(
                    Network(
                        wall_ns=int(self._clock.wall_s() * 1e9),
                        mono_ns=int(self._clock.monotonic_s() * 1e9),
                        endpoint=route.endpoint,
                        origin=route.origin,
                        via=route.via,
                        steps=tuple(steps),
                    )
                )
            except Exception as error:
                self._contain("network.path", error)

    def _steps(
        self, route: Route, hosts: Sequence[str], deadline_s: float
    ) -> list[Step]:
        """Return what came of each step of a route."""
        host, port = host_and_port(route.address)
        if self._means.only_loopback() and not is_loopback(host):
            return _unchecked(route)
        names = [] if is_address(host) else [host]
        if names and not route.via and not is_loopback(host):
            names += self._others(host, hosts)
        steps = self._lookups.steps(names, deadline_s)
        addresses = self._lookups.addresses(host, port)
        if not addresses:
            return steps + _unchecked(route)
        step, connected = _connected(route.address, addresses, deadline_s)
        steps.append(step)
        if route.via or not route.called.startswith("https"):
            if connected is not None:
                connected.close()
            return steps + (_unchecked(route)[1:] if route.via else [])
        if connected is None:
            return steps + _unchecked(route)[1:]
        return [*steps, self._handshake(route.address, connected, deadline_s)]

    def _others(self, host: str, hosts: Sequence[str]) -> list[str]:
        """Return other names to look up, of several zones where there are some."""
        amazons = _AMAZONS if host in _AMAZONS else ()
        others = dict.fromkeys((*self._means.other_names, *hosts, *amazons))
        return [each for each in others if each != host and not is_address(each)][
            :_MOST
        ]

    def _handshake(
        self, address: str, connected: socket.socket, deadline_s: float
    ) -> Step:
        began_s = time.monotonic()
        result = Result.OK
        try:
            with connected:
                connected.settimeout(left_s(deadline_s))
                context = self._context = self._context or self._means.context()
                host = host_and_port(address)[0]
                with context.wrap_socket(connected, server_hostname=host):
                    pass
        except OSError as error:
            result = result_of(error)
        return Step(Stage.HANDSHAKE, address, result, since_s(began_s))


def _connected(
    target: str, addresses: Sequence[tuple[int, Address]], deadline_s: float
) -> tuple[Step, socket.socket | None]:
    """Return a connection to the first address that takes one, or why there is none.

    A machine without IPv6 has no route to half of the addresses: that is told
    only if it is so of all of them.
    """
    began_s, results = time.monotonic(), [Result.NOT_CHECKED]
    for number, (family, address) in enumerate(addresses):
        share_s = left_s(deadline_s) / (len(addresses) - number + 1)
        connecting = socket.socket(family, socket.SOCK_STREAM)
        try:
            connecting.settimeout(max(share_s, 0.05))
            connecting.connect(address)
        except OSError as error:
            connecting.close()
            results.append(result_of(error))
            continue
        return Step(Stage.CONNECTION, target, Result.OK, since_s(began_s)), connecting
    told = [each for each in results[1:] if each is not Result.NO_ROUTE] or results[1:]
    result = told[-1] if told else Result.NOT_CHECKED
    return Step(Stage.CONNECTION, target, result, since_s(began_s)), None


def _unchecked(route: Route) -> list[Step]:
    """Return the steps of a route that were not taken."""
    stages = [Stage.CONNECTION]
    if route.called.startswith("https"):
        stages.append(Stage.HANDSHAKE)
    return [Step(each, _target(route, each), Result.NOT_CHECKED) for each in stages]


def _target(route: Route, stage: Stage) -> str:
    """Return whose the step is: nobody but the endpoint has a certificate to see."""
    called = route.called.rpartition("//")[2]
    return route.address if stage is Stage.CONNECTION else called
