"""Say what would keep calls of a session from being seen, or blur what is seen.

Not pure: reads a session, and asks it for its adapters as each request does; asks
the capture about an opener of urllib. Sends nothing and changes nothing.
"""

from __future__ import annotations

import http.client
import inspect
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any
from urllib.request import OpenerDirector

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from agcod_guard.call import Endpoint
from agcod_guard.capture.beneath import unseen_tools
from agcod_guard.capture.mounts import mounts_on
from agcod_guard.capture.requests import (
    CHOOSING_METHOD,
    RequestsCapture,
    innermost,
    is_guarded,
)
from agcod_guard.capture.urllib import UrllibCapture
from agcod_guard.protocol.endpoints import HOSTS

_PASSING_ON = {
    "request": frozenset({"__class__", "super", "Session", "send"}),
    "send": frozenset({"__class__", "super", "Session", "get_adapter"}),
}
"""Names that an override's code uses when it leaves the sending to requests."""

_STANDARD = (http.client.HTTPConnection, http.client.HTTPSConnection)
_RETRY_KINDS = ("connect", "read", "status", "other")


def check(capture: RequestsCapture, session: requests.Session) -> list[str]:
    """Return what is wrong, in words; empty if nothing is.

    Each entry says what there is, why it matters and what to do. Whether calls
    have a timeout cannot be seen here: the guard says so at the first that has
    none.
    """
    problems = (
        *_foreign_senders(session),
        *_adapter_problems(capture, session),
        *_body_problems(session),
        *unseen_tools((HTTPConnectionPool, HTTPConnection, *_STANDARD)),
    )
    return list(dict.fromkeys(problems))


def check_opener(capture: UrllibCapture, opener: OpenerDirector) -> list[str]:
    """Return the same of an opener of urllib."""
    problems = list(unseen_tools(_STANDARD))
    if not capture.sees(opener):
        problems.append(
            "the opener is not guarded: calls are not recorded; call wrap(opener)"
        )
    return problems


def _foreign_senders(session: requests.Session) -> Iterator[str]:
    """Yield what sends requests without asking the session for an adapter."""
    for name in ("request", "send"):
        own = getattr(requests.Session, name)
        if own.__module__ != "requests.sessions":
            yield _replaced(f"requests.Session.{name}", own)
        for owner, method in _overrides(session, name):
            if _PASSING_ON[name].isdisjoint(_names_in(method)):
                yield _replaced(f"{owner}.{name}", method)


def _replaced(name: str, method: Any) -> str:
    return (
        f"{name} comes from {getattr(method, '__module__', 'elsewhere')} and does not "
        "seem to send through the session's adapters (requests-mock works so): such "
        "calls are not recorded; let it call requests.Session's own, or tell of its "
        "calls with observe()"
    )


def _overrides(session: requests.Session, name: str) -> Iterator[tuple[str, Any]]:
    """Yield owner and method of all that stands before requests' own `name`."""
    if name in vars(session):
        yield "this session", vars(session)[name]
    for class_ in type(session).__mro__:
        if class_ is requests.Session:
            return
        if name in vars(class_):
            yield class_.__name__, vars(class_)[name]


def _names_in(method: Any) -> Iterator[str]:
    """Yield the names that the code of `method` uses; none if it shows no code."""
    codes = [getattr(inspect.unwrap(method), "__code__", None)]
    for code in codes:
        if isinstance(code, CodeType):
            yield from (*code.co_names, *code.co_freevars)
            codes.extend(code.co_consts)


def _adapter_problems(
    capture: RequestsCapture, session: requests.Session
) -> Iterator[str]:
    for url in agcod_urls(capture.recorder.hosts):
        try:
            adapter = session.get_adapter(url=url)
        except requests.exceptions.InvalidSchema:
            continue
        if not is_guarded(adapter, capture.recorder):
            yield _unguarded(capture, session)
        yield from _retries(innermost(adapter))
        yield from _stand_in(innermost(adapter))


def agcod_urls(hosts: Mapping[str, Endpoint]) -> Iterator[str]:
    """Yield a URL of each AGCOD: Amazon's, and those of the settings."""
    yield from (f"https://{host.name}/CreateGiftCard" for host in HOSTS)
    for name in hosts:
        yield f"https://{name}/CreateGiftCard"
        yield f"http://{name}/CreateGiftCard"


def _unguarded(capture: RequestsCapture, session: requests.Session) -> str:
    if capture.has_mounted(session) and not any(mounts_on(session, CHOOSING_METHOD)):
        return (
            "something has replaced session.get_adapter since wrap() (requests-mock "
            "leaves it so): calls are not recorded; call wrap(session) again"
        )
    return (
        "the session's adapter for AGCOD is not guarded: calls are not recorded; call "
        "wrap(session), which also reaches a Session class with a get_adapter of its "
        "own, where install() does not"
    )


def _retries(adapter: Any) -> Iterator[str]:
    retry = getattr(adapter, "max_retries", None)
    if _may_repeat(retry):
        yield (
            f"the adapter for AGCOD repeats requests by itself ({retry!r}): what "
            "failed in between is not seen, only the last attempt and the sum of the "
            "time; mount HTTPAdapter(max_retries=0) and retry in your own code, with "
            "the same request id"
        )


def _may_repeat(retry: Any) -> bool:
    """Return whether a urllib3 Retry leaves room for a second attempt."""
    if retry is None:
        return False
    total = getattr(retry, "total", None)
    if total is not None:
        return bool(total > 0)
    counts = [getattr(retry, kind, None) for kind in _RETRY_KINDS]
    return any(count is None or count > 0 for count in counts)


def _stand_in(adapter: Any) -> Iterator[str]:
    """Yield what answers in Amazon's place."""
    sender = getattr(type(adapter), "send", None)
    module = str(getattr(sender, "__module__", "elsewhere"))
    patched = sender is HTTPAdapter.send and module != "requests.adapters"
    if patched or not isinstance(adapter, HTTPAdapter):
        yield (
            f"calls to AGCOD are sent by {type(adapter).__name__} from "
            f"{module if patched else type(adapter).__module__}, not by requests "
            "itself: what is recorded may be a test's answers, not Amazon's; use it "
            "only where that is meant"
        )


def _body_problems(session: requests.Session) -> Iterator[str]:
    if session.stream:
        yield (
            "session.stream is True: answers are judged by their HTTP status alone, "
            "because their bodies are the caller's to read; set stream=False for "
            "calls to AGCOD"
        )
    hooks = session.hooks.get("response") or ()
    for hook in (hooks,) if callable(hooks) else hooks:
        name = getattr(hook, "__qualname__", type(hook).__qualname__)
        yield (
            f"response hook {name} runs before the body is read: if it raises, as "
            "raise_for_status would, the answer is judged by its HTTP status alone "
            "and 30 s late, and what it sends itself through response.connection is "
            "not recorded; look at the answer after the call instead"
        )
