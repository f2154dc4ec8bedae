"""Tell where a URL leads: to which AGCOD, and to which operation of it.

Pure, never raises. A partner calls the same few URLs over and over, so `Targets`
remembers those; it is bounded and safe from any thread.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agcod_guard.call import UNKNOWN_ENDPOINT, Endpoint
from agcod_guard.protocol.addresses import origin_of, usual_origin
from agcod_guard.protocol.endpoints import endpoint_of, split_url
from agcod_guard.protocol.operations import OPERATIONS, Operation, operation_of

_MOST_REMEMBERED = 64
_LONGEST_REMEMBERED = 256


class Target(msgspec.Struct, frozen=True, gc=False):
    """What the URL of a call says about it.

    Attributes:
        endpoint: The AGCOD it leads to; `UNKNOWN_ENDPOINT` for any other host.
        endpoint_name: The short name of `endpoint`.
        path: Path of the URL, without query.
        operation: The operation that the path names; None if it is not listed.
        origin: Scheme, host and port of a known endpoint, where it is not
            Amazon's own host of it; else empty.
    """

    endpoint: Endpoint
    endpoint_name: str
    path: str
    operation: Operation | None
    origin: str


def target_of(url: object, hosts: Mapping[str, Endpoint]) -> Target:
    """Return where `url` leads.

    Args:
        url: Text, bytes or a client's URL object.
        hosts: Names from the settings, without ports.
    """
    host, path = split_url(url)
    endpoint = endpoint_of(host, hosts) or UNKNOWN_ENDPOINT
    operation = OPERATIONS.get(operation_of(path, None))
    name = str(endpoint)
    origin = "" if endpoint is UNKNOWN_ENDPOINT else origin_of(url)
    unusual = "" if origin == usual_origin(name) else origin
    return Target(endpoint, name, path, operation, unusual)


class Targets:
    """Where URLs lead, with a memory for those of AGCOD's operations.

    Args:
        hosts: Names from the settings, without ports.
    """

    def __init__(self, hosts: Mapping[str, Endpoint]) -> None:
        self._hosts = hosts
        self._remembered: dict[object, Target] = {}

    def of(self, url: object) -> Target:
        """Return where `url` leads."""
        if type(url) is not str:
            return target_of(url, self._hosts)
        return self._remembered.get(url) or self._new(url)

    def _new(self, url: str) -> Target:
        target = target_of(url, self._hosts)
        if (
            target.operation is not None
            and len(self._remembered) < _MOST_REMEMBERED
            and len(url) <= _LONGEST_REMEMBERED
            # A password or a token is not kept.
            and not {"@", "?"} & set(url)
        ):
            self._remembered[url] = target
        return target
