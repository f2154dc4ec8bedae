"""Tell where a call goes on the network: AGCOD's origin, or a proxy's address.

Pure, never raises. Neither ever holds a user name, a password or a path.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from agcod_guard.protocol.endpoints import HOSTS

_LONGEST_URL = 2048
_PARTS = re.compile(
    r"\s{0,32}(?:([A-Za-z][A-Za-z0-9+.-]{0,31})://)?(?:[^/?#\\]{0,512}@)?"
    r"(\[[0-9A-Fa-f:.]{2,64}\]|[A-Za-z0-9._-]{1,253})(?::([0-9]{1,5}))?(?:[/?#\\]|\s|$)"
)
_PORTS = MappingProxyType({"http": 80, "https": 443, "socks4": 1080, "socks5": 1080})
_USUAL = MappingProxyType(
    {
        str(host.endpoint): f"https://{host.name}:443"
        for host in HOSTS
        if not host.legacy
    }
)


def origin_of(url: object) -> str:
    """Return scheme, host and port of an http or https URL: `https://a.example:443`.

    Empty for anything else.
    """
    scheme, host, port = _parts(url, "")
    return f"{scheme}://{host}:{port}" if scheme in ("http", "https") else ""


def usual_origin(endpoint: str) -> str:
    """Return the origin of Amazon's own host of the endpoint with that short name.

    Empty where Amazon has none: a stand-in.
    """
    return _USUAL.get(endpoint, "")


def proxy_address(url: object) -> str:
    """Return `host:port` of a proxy as clients are told of it; empty if unreadable."""
    scheme, host, port = _parts(url, "http")
    return f"{host}:{port}" if scheme else ""


def host_and_port(address: str) -> tuple[str, int]:
    """Return host, without brackets, and port of what the above have returned."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    return host.strip("[]"), int(port)


def _parts(url: object, default: str) -> tuple[str, str, int]:
    """Return scheme, `default` if none is given, host and port; empty if unreadable."""
    found = _PARTS.match(url[:_LONGEST_URL]) if isinstance(url, str) else None
    if found is None:
        return "", "", 0
    scheme = (found[1] or default).lower()
    port = int(found[3] or _PORTS.get(scheme.removesuffix("h").removesuffix("a"), 0))
    if not 0 < port < 65_536:
        return "", "", 0
    return scheme, found[2].lower().rstrip("."), port
