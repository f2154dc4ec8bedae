"""The partner's program of a drill, and the log it keeps for itself.

The log knows nothing of the guard: it is what the guard is judged by.
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields

import requests

from agcod_guard.drill.story import BANNER, PARTNER_ID
from agcod_guard.simulator.client import Attempt, PartnerClient
from agcod_guard.simulator.partner import Traffic

SUCCESS = "SUCCESS"


class ProgramLog:
    """Every call as the program saw it; safe for threads."""

    def __init__(self) -> None:
        self._attempts: list[Attempt] = []
        self._lock = threading.Lock()

    def add(self, attempt: Attempt) -> None:
        """Note a call that has returned or raised."""
        with self._lock:
            self._attempts.append(attempt)

    def attempts(self, region: str | None = None) -> tuple[Attempt, ...]:
        """Return the calls to `region`, or all, in the order in which they ended."""
        with self._lock:
            chosen = [it for it in self._attempts if region in {None, it.endpoint}]
        return tuple(sorted(chosen, key=lambda attempt: attempt.ended_at_s))


@contextmanager
def open_shop(
    urls: Mapping[str, str],
    wrap: Callable[[requests.Session], requests.Session],
    *,
    log: ProgramLog,
    timeout_s: float,
    seed: int,
) -> Iterator[Traffic]:
    """Let the program run: plain `requests`, its session wrapped by one line.

    Args:
        urls: Base URL by region.
        wrap: The guard's.
        log: Where the program notes its calls.
        timeout_s: How long the program waits for an answer.
        seed: Decides amounts and order of calls, and goes into the request ids.
    """
    with requests.Session() as session:
        wrap(session)
        # A proxy or a .netrc of the user's has no part in this.
        session.trust_env = False
        clients = [
            PartnerClient(
                session,
                url,
                partner_id=PARTNER_ID,
                region=region,
                timeout_s=timeout_s,
                log=log.add,
            )
            for region, url in urls.items()
        ]
        with Traffic(clients, run=f"{seed:x}") as shop:
            yield shop


def log_csv(attempts: tuple[Attempt, ...]) -> bytes:
    """Return the log as a file: that it is a drill, column names, a row a call."""
    out = io.StringIO()
    out.write(f"# {BANNER}: what the program itself noted of its calls.\n")
    rows = csv.DictWriter(
        out, [field.name for field in fields(Attempt)], lineterminator="\n"
    )
    rows.writeheader()
    rows.writerows(asdict(attempt) for attempt in attempts)
    return out.getvalue().encode()
