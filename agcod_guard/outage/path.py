"""What checks of our own way to AGCOD show: that it is open, that it is not. Pure.

A check goes the way that the failing calls went: straight to the endpoint, or to
the proxy and no further. What it may show:

- *open*: Amazon's host took the connection, with a certificate that we trust.
- *ours*: no proxy, no route, no name at all, or a certificate that nobody we
  trust has signed.
- neither: a host that refuses or keeps silent, or whose own name alone is gone,
  may be Amazon's doing or that of a firewall of ours.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from agcod_guard.call import Trouble
from agcod_guard.protocol.addresses import host_and_port, usual_origin


class Stage(StrEnum):
    """What was tried."""

    NAME = "name"
    """Look the name of a host up."""
    CONNECTION = "connection"
    """Open a TCP connection, to the endpoint or to the proxy."""
    HANDSHAKE = "handshake"
    """Begin TLS and verify the certificate."""


class Result(StrEnum):
    """What came of it."""

    OK = "ok"
    NO_NAME = "no such name"
    NO_LOOKUP = "names cannot be looked up"
    NO_ROUTE = "no route"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    CLOSED = "closed by the other side"
    UNTRUSTED = "certificate not trusted"
    MISMATCH = "host name mismatch"
    OUT_OF_DATE = "certificate expired or not yet valid"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


class Step(Struct, frozen=True, array_like=True):
    """One thing that was tried.

    Attributes:
        stage: What.
        target: A host name, or an address as `host:port`.
        result: What came of it.
        took_s: How long it took, seconds.
    """

    stage: Stage
    target: str
    result: Result
    took_s: float = 0.0


class Route(Struct, frozen=True):
    """The way of failing calls.

    Attributes:
        endpoint: Short name of the endpoint.
        origin: Scheme, host and port; empty for Amazon's own host.
        via: Address of the proxy; empty for none, None if not known.
    """

    endpoint: str
    origin: str = ""
    via: str | None = None

    @property
    def called(self) -> str:
        """Scheme, host and port of the endpoint; empty if nobody knows."""
        return self.origin or usual_origin(self.endpoint)

    @property
    def address(self) -> str:
        """Where the connection goes, `host:port`: the proxy or the endpoint."""
        return self.via or self.called.rpartition("//")[2]


class Finding(Struct, frozen=True, array_like=True):
    """What a check shows.

    Attributes:
        is_open: The whole way to the endpoint is open.
        own_trouble: What failing calls must say of themselves for the failure to
            be our own side's; empty if it does not show that.
        told: It in one sentence.
    """

    is_open: bool
    own_trouble: tuple[Trouble, ...]
    told: str


def finding_of(route: Route, steps: tuple[Step, ...]) -> Finding:
    """Return what the steps of a check of that route show."""
    if route.via:
        return _of_proxy(route, steps)
    host = host_and_port(route.address)[0] if route.address else ""
    names = [each for each in steps if each.stage is Stage.NAME]
    lost = [each for each in names if _is_lost(each)]
    if any(each.target == host for each in lost):
        return _of_names(host, names, lost)
    connection, handshake = _result(steps, Stage.CONNECTION), _handshake(route, steps)
    if connection is Result.OK and handshake is Result.OK:
        told = f"{route.address} took a connection of ours{_verified(route)}"
        return Finding(True, (), told)
    if connection is Result.NO_ROUTE:
        told = f"this machine has no route to {route.address}"
        return Finding(False, (Trouble.NO_ROUTE,), told)
    if handshake is Result.UNTRUSTED:
        told = f"nobody we trust has signed the certificate of {route.address}"
        return Finding(False, (Trouble.UNTRUSTED,), told)
    failed = connection if connection is not Result.OK else handshake
    return Finding(False, (), f"{route.address}: {failed or Result.NOT_CHECKED}")


def _of_proxy(route: Route, steps: tuple[Step, ...]) -> Finding:
    lost = next((each for each in steps if _is_lost(each)), None)
    result = lost.result if lost else _result(steps, Stage.CONNECTION)
    if result is Result.OK:
        told = f"the proxy {route.via} takes connections; not checked beyond it"
        return Finding(False, (), told)
    if result in (None, Result.NOT_CHECKED):
        return Finding(False, (), f"the proxy {route.via}: {Result.NOT_CHECKED}")
    said = (Trouble.NAME, Trouble.NO_ROUTE, Trouble.REFUSED, Trouble.CONNECT)
    return Finding(False, said, f"the proxy {route.via} cannot be reached: {result}")


def _of_names(host: str, names: list[Step], lost: list[Step]) -> Finding:
    """Return what it shows that the endpoint's own name is not found."""
    if len(lost) > 1 and len(lost) == len(names):
        told = f"no name can be looked up, neither {host} nor {_others(host, lost)}"
        return Finding(False, (Trouble.NAME,), told)
    found = [each for each in names if each.result is Result.OK]
    others = f"; {_others(host, found)} is found" if found else ""
    return Finding(False, (), f"the name {host} cannot be looked up{others}")


def _others(host: str, steps: list[Step]) -> str:
    return " nor ".join(each.target for each in steps if each.target != host)


def _is_lost(step: Step) -> bool:
    return step.stage is Stage.NAME and step.result in (
        Result.NO_NAME,
        Result.NO_LOOKUP,
        Result.TIMED_OUT,
    )


def _handshake(route: Route, steps: tuple[Step, ...]) -> Result | None:
    """Return what came of TLS; where there is none, the connection stands for it."""
    stage = Stage.HANDSHAKE if route.called.startswith("https") else Stage.CONNECTION
    return _result(steps, stage)


def _verified(route: Route) -> str:
    return ", with a certificate that we trust" if "https" in route.called else ""


def _result(steps: tuple[Step, ...], stage: Stage) -> Result | None:
    return next((each.result for each in steps if each.stage is stage), None)
