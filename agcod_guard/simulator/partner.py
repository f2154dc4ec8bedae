"""A partner's program: a shop that orders, cancels, activates and asks for funds.

Runs on threads of its own and never lets an error out of them: a shop stays
open while AGCOD is down. Request ids and cards are fake.
"""

from __future__ import annotations

import random
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from types import TracebackType
from typing import Self

from agcod_guard.simulator.client import Attempt, PartnerClient

__all__ = ["Attempt", "Mix", "PartnerClient", "Traffic"]

DEFAULT_CURRENCIES: Mapping[str, str] = {"na": "USD", "eu": "GBP", "fe": "JPY"}
"""What a shop orders in, by region."""

_REMEMBERED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How often the traffic does what, as weights.

    Attributes:
        create: Order a new digital card.
        cancel: Cancel a card ordered before.
        activate: Activate a new physical card.
        funds: Ask for the funds.
        resend: Send a failed order again, same id and same content.
    """

    create: float = 6.0
    cancel: float = 2.0
    activate: float = 1.0
    funds: float = 1.0
    resend: float = 1.0


class Traffic:
    """Orders from a partner's shop, on threads of its own; a context manager.

    Args:
        clients: One for each endpoint.
        orders_per_s: Calls a second to each endpoint, while it answers.
        workers: Threads for each endpoint; a hanging call holds one up.
        mix: What the calls are.
        currencies: What to order in, by region.
        run: Goes into every request id, so that two runs never share one, and
            decides amounts and order of calls; letters and digits. The time
            of the start unless given.
    """

    def __init__(
        self,
        clients: Sequence[PartnerClient],
        *,
        orders_per_s: float = 4.0,
        workers: int = 2,
        mix: Mix | None = None,
        currencies: Mapping[str, str] = DEFAULT_CURRENCIES,
        run: str | None = None,
    ) -> None:
        self._ended = threading.Event()
        self._open = threading.Event()
        self._open.set()
        self._period_s = workers / orders_per_s
        name = f"{int(time.time()):x}" if run is None else run
        self._shoppers = [
            _Shopper(
                client,
                number,
                run=name,
                mix=mix or Mix(),
                currency=currencies[client.region],
                dice=random.Random(f"{name}-{client.region}-{number}"),
            )
            for client in clients
            for number in range(workers)
        ]
        self._threads = [
            threading.Thread(
                target=self._shop, args=(shopper,), name="partner", daemon=True
            )
            for shopper in self._shoppers
        ]

    def start(self) -> None:
        """Begin to order."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Order nothing more; return whether every call came to its end.

        Args:
            timeout_s: How long to wait for calls on their way, in all.
        """
        self._ended.set()
        until_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, until_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Wait for the calls on their way, and let none be sent meanwhile."""
        self._open.clear()
        try:
            with ExitStack() as held:
                for shopper in self._shoppers:
                    held.enter_context(shopper.calling)
                yield
        finally:
            self._open.set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _shop(self, shopper: _Shopper) -> None:
        due_s = time.monotonic() + self._period_s * shopper.dice.random()
        while not self._ended.wait(max(0.0, due_s - time.monotonic())):
            # A lock alone is not fair: who is late would take it again at once.
            self._open.wait()
            # The client has logged whatever came; the shop stays open.
            with suppress(Exception), shopper.calling:
                shopper.order()
            # What was missed while a call hung is not made up for.
            due_s = max(due_s + self._period_s, time.monotonic())


class _Shopper:
    """One thread's worth of orders: each a call that can be sent again."""

    def __init__(
        self,
        client: PartnerClient,
        number: int,
        *,
        run: str,
        mix: Mix,
        currency: str,
        dice: random.Random,
    ) -> None:
        self.dice = dice
        self.calling = threading.Lock()
        self._client, self._currency = client, currency
        self._prefix = f"{client.partner_id}{run}{client.region}{number}x"
        self._serials = f"14{zlib.crc32(self._prefix.encode()) % 10**8:08d}"
        self._weights = asdict(mix)
        self._made = 0
        self._bought: deque[str] = deque(maxlen=_REMEMBERED)
        self._failed: deque[Callable[[], Attempt]] = deque(maxlen=_REMEMBERED)

    def order(self) -> None:
        """Make one call of the mix."""
        [kind] = self.dice.choices(list(self._weights), list(self._weights.values()))
        if kind == "funds":
            self._client.funds()
        elif kind == "cancel" and self._bought:
            self._client.cancel(self._bought.popleft())
        elif kind == "resend" and self._failed:
            self._send(self._failed.popleft())
        else:
            self._send(self._activation() if kind == "activate" else self._purchase())

    def _send(self, call: Callable[[], Attempt]) -> None:
        try:
            attempt = call()
        except Exception:
            self._failed.append(call)
            raise
        if attempt.result != "SUCCESS":
            self._failed.append(call)
        elif attempt.operation == "CreateGiftCard" and attempt.request_id:
            self._bought.append(attempt.request_id)

    def _purchase(self) -> Callable[[], Attempt]:
        return partial(
            self._client.create, self._next_id(), self._amount(), self._currency
        )

    def _activation(self) -> Callable[[], Attempt]:
        request_id = self._next_id()
        number = f"{self._serials}{self._made:06d}000"
        return partial(
            self._client.activate, request_id, number, self._amount(), self._currency
        )

    def _next_id(self) -> str:
        self._made += 1
        return f"{self._prefix}{self._made}"

    def _amount(self) -> float:
        return float(self.dice.choice((5, 10, 25, 50, 100)))
