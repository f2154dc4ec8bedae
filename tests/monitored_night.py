"""An hour of a partner's night, as Prometheus would have seen it.

A real guard on a clock by hand watches invented answers; what it exposes is read
every 15 s and kept with its time. AGCOD's European endpoint goes down at 03:07 GMT
and has not come back; on the American one a single operation fails.
"""

from __future__ import annotations

import io
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
import responses
from partner import fault, settings, success
from prometheus_client import CollectorRegistry
from smtp_servers import SmtpServer

from agcod_guard import Guard
from agcod_guard.cli.sent import note_sent
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder

BEGINS_S = 1_795_313_700.0
"""2026-11-22 02:15:00 GMT."""
CHANGED_AFTER_S = 36 * 60.0
DOWN_AFTER_S = 52 * 60.0
PAGED_AFTER_S = 61 * 60.0
ENDS_AFTER_S = 76 * 60.0
SCRAPE_EVERY_S = 15.0

EU = "https://agcod-v2-eu.amazon.com/"
NA = "https://agcod-v2.amazon.com/"
LABELS = {"job": "shop", "instance": "shop-1:9464"}
_PAYLOADS: dict[str, dict[str, Any]] = {
    "CreateGiftCard": {"value": {"amount": 25, "currencyCode": "GBP"}},
    "ActivateGiftCard": {"cardNumber": "0" * 16},
    "GetAvailableFunds": {},
}


class Night:
    """The partner's program, its guard, and what was read of it."""

    def __init__(self, folder: Path, *, order_every_s: float) -> None:
        self._clock = ManualClock(BEGINS_S)
        self._registry = CollectorRegistry()
        self._random = random.Random(5)
        self._every_s = order_every_s
        self._folder, self._number = folder, 0
        self._lines: list[str] = []

    def openmetrics(self) -> str:
        """Live through it; return every sample with its time."""
        with SmtpServer() as mail_server:
            facts = {
                "accounts": {"Acmes": {"marketplace": "UK"}, "Acmus": {}},
                # Nothing of it may leave this machine, whoever lives through it.
                "drill": True,
                "own": {"addresses": ["on-call@shop.invalid"]},
                "webhooks": {"chat": {"kind": "slack", "url": _nobody_there()}},
                "smtp": {
                    "host": "127.0.0.1",
                    "port": mail_server.port,
                    "security": "none",
                    "sender": "guard@shop.invalid",
                },
            }
            guard = Guard(
                settings(self._folder, **facts),
                registry=self._registry,
                clock=self._clock,
            )
            with guard:
                guard.on_transition(_breaks)
                self._live(guard, guard.wrap(requests.Session()))
        return "\n".join([*self._lines, "# EOF", ""])

    def _live(self, guard: Guard, session: requests.Session) -> None:
        changed, paged, scraped_s = False, False, 0.0
        while (now_s := self._clock.wall_s() - BEGINS_S) < ENDS_AFTER_S:
            self._sell(session, now_s)
            self._clock.advance(self._every_s * self._random.uniform(0.5, 1.5))
            guard.tick()
            guard._parts.post.postman.wait(5.0)
            if now_s >= CHANGED_AFTER_S and not changed:
                changed = True
                guard.note_change("deployed shop 4.2")
            if now_s >= PAGED_AFTER_S and not paged:
                paged = True
                folder = DataFolder(settings=guard.settings, clock=self._clock)
                note_sent(folder, "latest", io.StringIO(), tier=1)
            if now_s - scraped_s >= SCRAPE_EVERY_S:
                scraped_s = now_s
                self._lines += self._scraped()

    def _sell(self, session: requests.Session, now_s: float) -> None:
        """Send an order to each endpoint."""
        chance = self._random.random()
        operation = "ActivateGiftCard" if chance < 0.2 else "CreateGiftCard"
        self._call(session, EU, operation, account="Acmes", answer=self._eu(now_s))
        american = "GetAvailableFunds" if chance < 0.1 else operation
        self._call(session, NA, american, account="Acmus", answer=self._na(american))

    def _eu(self, now_s: float) -> Any:
        if now_s < DOWN_AFTER_S:
            return self._healthy()
        return self._random.choices(
            (fault("F500"), fault("F400", "SystemTemporarilyUnavailable"), None, 503),
            (60, 15, 20, 5),
        )[0]

    def _na(self, operation: str) -> Any:
        late = self._clock.wall_s() - BEGINS_S > DOWN_AFTER_S / 2
        if operation == "ActivateGiftCard" and late:
            return fault("F500")
        return self._healthy()

    def _healthy(self) -> Any:
        """Return what a night brings when all is well."""
        answers = (
            success(),
            fault("F200", "InvalidAmountInput"),
            fault("F300", "InsufficientFunds"),
            fault("F400", "ThrottlingException"),
        )
        return self._random.choices(answers, (95, 3, 1, 1))[0]

    def _call(
        self,
        session: requests.Session,
        url: str,
        operation: str,
        *,
        account: str,
        answer: Any,
    ) -> None:
        """Send one order; None for an answer is a timeout."""
        self._number += 1
        body = {
            "partnerId": account,
            "creationRequestId": f"{account}{self._number:06}",
            "activationRequestId": f"{account}{self._number:06}",
            **_PAYLOADS[operation],
        }
        with responses.RequestsMock() as agcod, suppress(requests.RequestException):
            agcod.add_callback(
                "POST", url + operation, callback=lambda _: self._answered(answer)
            )
            session.post(url + operation, json=body, timeout=6)

    def _answered(self, answer: Any) -> Any:
        """Let the time pass that an answer takes."""
        self._clock.advance(6.0 if answer is None else self._taken_s(answer))
        if answer is None:
            raise requests.ReadTimeout("no answer in 6 s")
        if isinstance(answer, int):
            return (answer, {}, "")
        status = 200 if answer.get("status") == "SUCCESS" else 400
        return (status, {}, requests.models.complexjson.dumps(answer))

    def _taken_s(self, answer: Any) -> float:
        slow = 2.0 if isinstance(answer, dict) and answer.get("errorCode") else 0.25
        return min(9.0, slow * self._random.lognormvariate(0, 0.5))

    def _scraped(self) -> Iterator[str]:
        at_s = self._clock.wall_s()
        for family in self._registry.collect():
            for sample in family.samples:
                labels = ",".join(
                    f'{name}="{value}"'
                    for name, value in {**sample.labels, **LABELS}.items()
                )
                yield f"{sample.name}{{{labels}}} {sample.value} {at_s:.3f}"


def _nobody_there() -> str:
    """Return an address on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"


def _breaks(_: object) -> None:
    raise RuntimeError("the partner's own hook is broken")
