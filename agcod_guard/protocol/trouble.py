"""Tell from an exception how far a call came that got no answer. Pure.

Clients wrap the error of the socket, each in its own way, so the whole chain is
looked at, and what it says: none of the libraries has to be imported.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from agcod_guard.call import Trouble
from agcod_guard.protocol.transport import exception_text

_DEEPEST = 12
_LONGEST_TEXT = 2_000

_CLASSES = {
    "gaierror": Trouble.NAME,
    "NameResolutionError": Trouble.NAME,
    "ClientConnectorDNSError": Trouble.NAME,
    "ConnectionRefusedError": Trouble.REFUSED,
    "ConnectTimeout": Trouble.CONNECT,
    "ConnectTimeoutError": Trouble.CONNECT,
    "ConnectionTimeoutError": Trouble.CONNECT,
    "ReadTimeout": Trouble.ANSWER,
    "ReadTimeoutError": Trouble.ANSWER,
    "SocketTimeoutError": Trouble.ANSWER,
}
_ERRNOS = {
    errno.ENETUNREACH: Trouble.NO_ROUTE,
    errno.EHOSTUNREACH: Trouble.NO_ROUTE,
    errno.ENETDOWN: Trouble.NO_ROUTE,
    errno.ECONNREFUSED: Trouble.REFUSED,
}
_SAID = (
    (
        Trouble.NAME,
        r"failed to resolve|name resolution|name or service not known"
        r"|getaddrinfo failed|nodename nor servname|no address associated with",
    ),
    (
        Trouble.UNTRUSTED,
        r"certificate verify failed: (?:unable to get (?:local )?issuer"
        r"|self.signed certificate|unable to verify the first)",
    ),
    (Trouble.NO_ROUTE, r"network is (?:unreachable|down)|no route to host"),
    (Trouble.REFUSED, r"connection refused|actively refused"),
    (Trouble.CONNECT, r"connect timeout|connection to \S{1,300} timed out"),
    (Trouble.ANSWER, r"read timed out|read timeout"),
)
_PATTERNS = tuple((kind, re.compile(said, re.IGNORECASE)) for kind, said in _SAID)


def trouble_of(error: object) -> Trouble | None:
    """Return how far the call came; None where the exception does not tell."""
    if not isinstance(error, BaseException):
        return None
    chain = tuple(_chain(error))
    text = "\n".join(exception_text(each)[:_LONGEST_TEXT] for each in chain)
    for trouble, pattern in _PATTERNS:
        if pattern.search(text):
            return trouble
    named = (_CLASSES.get(type(each).__name__) or _numbered(each) for each in chain)
    return next(filter(None, named), None)


def _numbered(error: BaseException) -> Trouble | None:
    number = error.errno if isinstance(error, OSError) else None
    return _ERRNOS.get(number) if isinstance(number, int) else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and those it wraps, whatever way it does so."""
    waiting, seen = [error], 0
    while waiting and seen < _DEEPEST:
        each = waiting.pop(0)
        seen += 1
        yield each
        wrapped = (each.__cause__, each.__context__, _attribute(each, "reason"))
        waiting += [
            inner
            for inner in (*wrapped, *each.args[:3])
            if isinstance(inner, BaseException) and inner is not each
        ]


def _attribute(error: BaseException, name: str) -> object:
    try:
        return getattr(error, name, None)
    except Exception:
        # A client's own error class: what it raises is not ours to know.
        return None
