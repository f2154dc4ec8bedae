"""Know whose a domain is: Amazon's, this machine's. Pure; looks no name up."""

from __future__ import annotations

import ipaddress
import re

_AMAZON = r"(?:.*\.)?(?:amazon\.(?:com?\.)?[a-z]{2,3}|amazonaws\.com(?:\.cn)?)\.?"


def is_amazons(domain: str) -> bool:
    """Return whether a host, or the domain of an address, is one of Amazon's."""
    return re.fullmatch(_AMAZON, domain.lower()) is not None


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its name alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
