"""Look names up without waiting for a resolver that does not answer.

Each lookup runs on a thread of its own, since no timeout stops one; one that
hangs is left to itself, and not begun again meanwhile.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from agcod_guard.network.results import result_of
from agcod_guard.outage.path import Result, Stage, Step

LOOKUP_S = 2.0
"""How long a lookup is waited for."""

Address = tuple[Any, ...]
Resolve = Callable[[str, int], Sequence[tuple[int, Address]]]
"""Returns (family, socket address) of a name and a port; raises OSError."""


def resolved(host: str, port: int) -> list[tuple[int, Address]]:
    """Return the addresses of a host, as the machine's own resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


class Lookups:
    """Looks names up, each on a thread of its own: no timeout stops a lookup."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._under_way: dict[str, threading.Thread] = {}
        self._found: dict[str, Sequence[tuple[int, Address]] | Result] = {}
        self._took_s: dict[str, float] = {}

    def steps(self, names: Sequence[str], deadline_s: float) -> list[Step]:
        """Return what came of looking the names up."""
        began_s = time.monotonic()
        for name in names:
            self._start(name)
        until_s = min(deadline_s, began_s + LOOKUP_S)
        return [self._step(name, until_s) for name in names]

    def addresses(self, host: str, port: int) -> list[tuple[int, Address]]:
        """Return the addresses of a host that was looked up, or is an address."""
        if is_address(host):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return [(family, (host, port))]
        found = self._found.get(host, ())
        if isinstance(found, Result):
            return []
        return [(family, (at[0], port, *at[2:])) for family, at in found]

    def _start(self, name: str) -> None:
        under_way = self._under_way.get(name)
        if under_way is not None and under_way.is_alive():
            return
        self._found.pop(name, None)
        self._under_way[name] = threading.Thread(
            target=self._look_up, args=(name,), name="agcod-guard-name", daemon=True
        )
        self._under_way[name].start()

    def _look_up(self, name: str) -> None:
        began_s = time.monotonic()
        try:
            found: Sequence[tuple[int, Address]] | Result = self._resolve(name, 0)
        except (OSError, UnicodeError) as error:
            found = result_of(error)
        self._took_s[name] = since_s(began_s)
        self._found[name] = found

    def _step(self, name: str, until_s: float) -> Step:
        self._under_way[name].join(left_s(until_s))
        found = self._found.get(name, Result.TIMED_OUT)
        result = found if isinstance(found, Result) else Result.OK
        return Step(Stage.NAME, name, result, self._took_s.get(name, LOOKUP_S))


def is_address(host: str) -> bool:
    """Whether the host is an address, which needs no lookup."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    return host == "localhost" or (
        is_address(host) and ipaddress.ip_address(host).is_loopback
    )


def left_s(deadline_s: float) -> float:
    """Return how long it is until then; always a moment."""
    return max(0.05, deadline_s - time.monotonic())


def since_s(began_s: float) -> float:
    """Return how long ago that was, to the millisecond."""
    return round(time.monotonic() - began_s, 3)
