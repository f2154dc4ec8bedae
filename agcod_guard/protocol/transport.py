"""Tell what an exception says about a call: no answer, or the caller's own end.

Pure. HTTP libraries are known by the names of their classes, so that none has
to be imported.
"""

from __future__ import annotations

from agcod_guard.call import Outcome

_TRANSPORT = frozenset(
    {
        ("http", "HTTPException"),
        ("urllib3", "HTTPError"),
        ("httpx", "TransportError"),
        ("httpx", "DecodingError"),
        ("httpcore", "NetworkError"),
        ("httpcore", "TimeoutException"),
        ("httpcore", "ProtocolError"),
        ("httpcore", "ProxyError"),
        ("h11", "RemoteProtocolError"),
        ("h2", "ProtocolError"),
        ("aiohttp", "ClientConnectionError"),
        ("aiohttp", "ClientPayloadError"),
        ("botocore", "HTTPClientError"),
        ("httplib2", "ServerNotFoundError"),
        ("tornado", "HTTPTimeoutError"),
        ("tornado", "HTTPStreamClosedError"),
        ("pycurl", "error"),
        ("asyncio", "IncompleteReadError"),
    }
)
"""(package, class) of errors that are not OSErrors and mean: no answer came."""

_NEVER_SENT = frozenset(
    {
        ("requests", "InvalidURL"),
        ("requests", "MissingSchema"),
        ("requests", "InvalidSchema"),
        ("requests", "InvalidHeader"),
        ("requests", "InvalidJSONError"),
        ("requests", "StreamConsumedError"),
        ("requests", "UnrewindableBodyError"),
        ("requests", "URLRequired"),
        ("urllib3", "LocationValueError"),
        ("urllib3", "ProxySchemeUnknown"),
        ("urllib3", "UnrewindableBodyError"),
        ("http", "InvalidURL"),
        ("http", "ImproperConnectionState"),
        ("httpx", "InvalidURL"),
        ("httpx", "UnsupportedProtocol"),
        ("httpx", "LocalProtocolError"),
        ("httpcore", "UnsupportedProtocol"),
        ("httpcore", "LocalProtocolError"),
        ("aiohttp", "InvalidURL"),
        ("aiohttp", "NonHttpUrlClientError"),
    }
)
"""Errors before anything was sent, some of which are OSErrors by descent."""

_ANSWERED = frozenset(
    {
        ("requests", "HTTPError"),
        ("urllib", "HTTPError"),
        ("httpx", "HTTPStatusError"),
        ("aiohttp", "ClientResponseError"),
    }
)
"""Errors by which a client hands over an answer whose status it dislikes."""


def exception_outcome(error: object) -> Outcome:
    """Return NO_ANSWER for a failure of transport, ABANDONED for anything else.

    A failure before sending, a cancelled task and a KeyboardInterrupt prove
    nothing about AGCOD.
    """
    kind = _class_of(error)
    names = _names(kind)
    if names & _NEVER_SENT or not issubclass(kind, Exception):
        return Outcome.ABANDONED
    if issubclass(kind, OSError) or names & _TRANSPORT:
        return Outcome.NO_ANSWER
    return Outcome.ABANDONED


def hands_over_answer(error: object) -> bool:
    """Tell whether the error is a client's way to hand over an answer."""
    return bool(_names(_class_of(error)) & _ANSWERED)


def exception_name(error: object) -> str:
    """Return the name of the error's class."""
    return _class_of(error).__name__


def exception_text(error: object) -> str:
    """Return what the error says; empty if it cannot even say that."""
    try:
        return str(error)
    except Exception:
        # A client's own error class: what it raises is not ours to know.
        return ""


def _class_of(error: object) -> type:
    return error if isinstance(error, type) else type(error)


def _names(kind: type) -> set[tuple[str, str]]:
    """Return (package, class name) of the class and of all it descends from."""
    return {
        (str(ancestor.__module__).partition(".")[0], ancestor.__name__)
        for ancestor in kind.__mro__
    }
