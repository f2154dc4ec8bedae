"""Say what would keep calls of an aiohttp session from being seen, or blur them.

Not pure: reads a session. Sends nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp

from agcod_guard.capture.aiohttp import AiohttpCapture


def check(capture: AiohttpCapture, session: aiohttp.ClientSession) -> list[str]:
    """Return what is wrong, in words; empty if nothing is.

    Each entry says what there is, why it matters and what to do.
    """
    return [*_problems(capture, session)]


def _problems(capture: AiohttpCapture, session: aiohttp.ClientSession) -> Iterator[str]:
    if not capture.sees(session):
        yield "the session is not guarded: calls are not recorded; call wrap(session)"
    if session.raise_for_status:
        yield (
            "the session raises for a status before a body is read: such answers are "
            "judged by their HTTP status alone, so that AGCOD's RESEND and a refusal "
            "look alike; set raise_for_status=False, and look at the answer after "
            "reading it"
        )
    timeout = session.timeout
    if timeout.total is None and timeout.sock_read is None:
        yield (
            "the session has no timeout: a call may wait for ever, and is known to "
            "have failed only after 60 s; set ClientTimeout(total=6): Amazon advises "
            "6 s"
        )
