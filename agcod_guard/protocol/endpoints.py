"""Tell which AGCOD a host is, and which marketplaces it serves.

Pure. Hosts, signing regions, countries and currencies are Amazon's (fact sheet
1.1 and 1.2). A host is not a marketplace: several countries share one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agcod_guard.call import Endpoint, Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class AgcodHost:
    """One host name under which Amazon serves, or served, AGCOD.

    Attributes:
        name: DNS name, lower case.
        endpoint: The AGCOD it stands for.
        signing_region: Region in the SigV4 scope of calls to it.
        legacy: Only early clients use it.
    """

    name: str
    endpoint: Endpoint
    signing_region: str
    legacy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Marketplace:
    """One country in which gift cards are sold.

    Attributes:
        code: Amazon's own code, which is not always ISO's (`UK`, `UAE`, `KSA`).
        iso: ISO 3166 code.
        region: Region of the endpoint that serves it; `none` if none does now.
        currency: ISO 4217 code.
        note: Why the currency is not certain; empty when it is.
    """

    code: str
    iso: str
    region: str
    currency: str
    note: str = ""


def _hosts(
    stem: str, region: str, signing_region: str, *, legacy: bool = False
) -> tuple[AgcodHost, AgcodHost]:
    head, domain = stem.split(".", 1)
    return tuple(  # type: ignore[return-value]  # always the two names below
        AgcodHost(
            name=name,
            endpoint=Endpoint(region, environment),
            signing_region=signing_region,
            legacy=legacy,
        )
        for name, environment in (
            (stem, Environment.PRODUCTION),
            (f"{head}-gamma.{domain}", Environment.SANDBOX),
        )
    )


HOSTS: tuple[AgcodHost, ...] = (
    *_hosts("agcod-v2.amazon.com", "na", "us-east-1"),
    *_hosts("agcod-v2-eu.amazon.com", "eu", "eu-west-1"),
    *_hosts("agcod-v2-fe.amazon.com", "fe", "us-west-2"),
    *_hosts("agcod-v2.amazon.co.uk", "eu", "eu-west-1", legacy=True),
    *_hosts("agcod-v2.amazon.co.jp", "fe", "us-east-1", legacy=True),
)

SIGNING_REGIONS: Mapping[str, str] = MappingProxyType(
    {host.endpoint.region: host.signing_region for host in HOSTS if not host.legacy}
)
"""SigV4 region of each AGCOD region; the Far East signs with an American one."""

_ENDPOINTS = {host.name: host.endpoint for host in HOSTS}

_INFERRED = "no source lists it; the country's own currency"
_DISPUTED = "some clients say EUR"

MARKETPLACES: tuple[Marketplace, ...] = tuple(
    Marketplace(code=code, iso=iso, region=region, currency=currency, note=note)
    for code, iso, region, currency, note in (
        ("US", "US", "na", "USD", ""),
        ("CA", "CA", "na", "CAD", ""),
        ("MX", "MX", "na", "MXN", ""),
        ("UK", "GB", "eu", "GBP", ""),
        ("DE", "DE", "eu", "EUR", ""),
        ("FR", "FR", "eu", "EUR", ""),
        ("IT", "IT", "eu", "EUR", ""),
        ("ES", "ES", "eu", "EUR", ""),
        ("NL", "NL", "eu", "EUR", ""),
        ("BE", "BE", "eu", "EUR", _INFERRED),
        ("TR", "TR", "eu", "TRY", ""),
        ("UAE", "AE", "eu", "AED", ""),
        ("KSA", "SA", "eu", "SAR", ""),
        ("PL", "PL", "eu", "PLN", _DISPUTED),
        ("SE", "SE", "eu", "SEK", _DISPUTED),
        ("EG", "EG", "eu", "EGP", _INFERRED),
        ("ZA", "ZA", "eu", "ZAR", _INFERRED),
        ("JP", "JP", "fe", "JPY", ""),
        ("AU", "AU", "fe", "AUD", ""),
        ("SG", "SG", "fe", "SGD", ""),
        ("CN", "CN", "none", "CNY", "old clients only; no current endpoint"),
    )
)

_LONGEST_URL = 2048
_URL = re.compile(
    r"\s{0,32}[A-Za-z][A-Za-z0-9+.-]{0,31}://(?:[^/?#\\]*@)?"
    r"(?:\[([^\]/?#\\@]*)\]|([^:/?#\\@]*))"
    r"(?::[0-9]*)?([^?#]*)"
)

_NO_HOSTS: Mapping[str, Endpoint] = MappingProxyType({})


def endpoint_of(
    host: str, hosts: Mapping[str, Endpoint] = _NO_HOSTS
) -> Endpoint | None:
    """Return the AGCOD that `host` is; None when it is none.

    Args:
        host: A DNS name or address, in any case, with or without a port or a
            trailing dot.
        hosts: Names from the settings, lower case and without ports; they go
            before Amazon's own.
    """
    if (known := _ENDPOINTS.get(host)) and not hosts:
        return known
    name = _bare(host)
    return hosts.get(name) or _ENDPOINTS.get(name)


def host_of(url: object) -> str:
    """Return the host of `url`, lower case, without port; empty if it has none.

    Never raises, whatever `url` is: text, bytes or a client's URL object.
    """
    return split_url(url)[0]


def split_url(url: object) -> tuple[str, str]:
    """Return host and path of `url`, as `host_of` does; never raises.

    Only the first 2048 characters are looked at.
    """
    found = _URL.match(url if type(url) is str else _text_of(url), 0, _LONGEST_URL)
    if found is None:
        return "", ""
    six, name, path = found.groups()
    return (six or name or "").lower().rstrip("."), path


def marketplaces_of(currency: str, region: str) -> tuple[str, ...]:
    """Return Amazon's codes of the marketplaces with `currency` in `region`.

    Several for EUR; none for a currency that the region does not sell in.
    """
    return tuple(
        marketplace.code
        for marketplace in MARKETPLACES
        if marketplace.currency == currency and marketplace.region == region
    )


def _bare(host: str) -> str:
    """Return `host` in lower case without brackets, port and trailing dot."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    if name.count(":") == 1:
        name = name.partition(":")[0]
    return name.rstrip(".")


def _text_of(url: object) -> str:
    if isinstance(url, bytes | bytearray):
        return url[:_LONGEST_URL].decode("latin-1")
    try:
        return str(url)
    except Exception:
        # A client's own URL class: what it raises is not ours to know.
        return ""
