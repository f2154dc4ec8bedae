"""One simulated AGCOD with several endpoints: what to answer, and how.

Knows no socket. `Engine.exchange` takes a whole request and gives an Exchange,
which says what is wrong now, if anything, and what to send; the server does
the sending. Everything is written to the truth log before a byte goes out.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from email.utils import formatdate
from typing import TYPE_CHECKING

from agcod_guard.call import Endpoint
from agcod_guard.clock import SystemClock
from agcod_guard.protocol.endpoints import SIGNING_REGIONS
from agcod_guard.protocol.operations import OPERATIONS
from agcod_guard.simulator.faults import (
    Delivery,
    Fault,
    FaultBoard,
    Rule,
    Schedule,
    UnknownNameError,
    fault_named,
)
from agcod_guard.simulator.limits import RateLimit
from agcod_guard.simulator.service import OPENING_FUNDS, Service, refusal_of
from agcod_guard.simulator.truth import Entry, TruthLog
from agcod_guard.simulator.wire import Answer, Reply, Request, read_request, rendered

if TYPE_CHECKING:
    from agcod_guard.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a simulator can be told at its start.

    Attributes:
        seed: Seed of shares and of Amazon's request ids.
        schedule: Faults by the time since the start; None for none.
        opening_funds: What each account starts with, in each currency.
        check_signatures: Whether requests must look signed.
        limit_rates: Whether Amazon's call rates hold.
    """

    seed: int = 0
    schedule: Schedule | None = None
    opening_funds: Decimal = OPENING_FUNDS
    check_signatures: bool = True
    limit_rates: bool = False


class Engine:
    """All endpoints, their faults and the truth log; safe for threads.

    Args:
        options: What to be told at the start.
        clock: Stamps, the cancel window, rates and the schedule go by it.
    """

    def __init__(
        self, options: Options | None = None, *, clock: Clock | None = None
    ) -> None:
        self._options = options or Options()
        self.clock = clock or SystemClock()
        self.log = TruthLog()
        self.board = FaultBoard(
            schedule=self._options.schedule, seed=self._options.seed
        )
        self._started_s = self.clock.monotonic_s()
        self._limit = RateLimit() if self._options.limit_rates else None
        self._services: dict[Endpoint, Service] = {}
        self._random = random.Random(self._options.seed)
        self._lock = threading.Lock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start, as the schedule counts them."""
        return self.clock.monotonic_s() - self._started_s

    def break_(
        self,
        fault: str,
        *,
        region: str | None = None,
        operation: str | None = None,
        share: float = 1.0,
        delay_s: float | None = None,
        works: bool | None = None,
    ) -> None:
        """Let `fault` act from now on; see `Simulator.break_`."""
        _require("region", region, SIGNING_REGIONS)
        _require("operation", operation, OPERATIONS)
        made = fault_named(fault, delay_s=delay_s, works=works)
        self.board.add(
            Rule(fault=made, region=region, operation=operation, share=share)
        )

    def heal(self, region: str | None = None) -> None:
        """End faults; see `Simulator.heal`."""
        _require("region", region, SIGNING_REGIONS)
        self.board.clear(region)

    def entries(self, *, since: int = 0) -> list[Entry]:
        """Return the truth log from sequence number `since` on."""
        return self.log.entries(since=since)

    def exchange(
        self, endpoint: Endpoint, path: str, headers: Mapping[str, str], body: bytes
    ) -> Exchange:
        """Take a request in and note its arrival."""
        request = read_request(path, headers, body)
        sequence = self.log.received(
            region=endpoint.region,
            operation=request.operation,
            request_id=request.request_id,
            partner_id=request.text("partnerId"),
            at_s=self.clock.wall_s(),
        )
        return Exchange(self, endpoint, request, sequence)

    def rate_rule(self, endpoint: Endpoint, request: Request) -> Rule | None:
        """Count the request; return the rule it runs into by its rate alone."""
        if self._limit is None:
            return None
        name = self._limit.fault_name(
            str(endpoint),
            request.text("partnerId") or "",
            request.operation,
            self.clock.monotonic_s(),
        )
        return Rule(fault=fault_named(name)) if name else None

    def work(self, endpoint: Endpoint, request: Request) -> Answer:
        """Let the service of `endpoint` do what is asked."""
        with self._lock:
            service = self._services.get(endpoint)
            if service is None:
                service = self._services[endpoint] = Service(
                    endpoint,
                    opening_funds=self._options.opening_funds,
                    check_signatures=self._options.check_signatures,
                )
        return service.answer(request, now_s=self.clock.wall_s())

    def amzn_request_id(self) -> str:
        """Return a new id of Amazon's kind."""
        with self._lock:
            return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


class Exchange:
    """One request on its way through the engine; used by one thread."""

    def __init__(
        self, engine: Engine, endpoint: Endpoint, request: Request, sequence: int
    ) -> None:
        self._engine, self._endpoint = engine, endpoint
        self._request, self._sequence = request, sequence
        self._rate_rule = engine.rate_rule(endpoint, request)
        self._created = False
        self._claim_code: str | None = None

    def rule(self) -> Rule | None:
        """Return what is wrong for this request now, if anything."""
        if self._rate_rule:
            return self._rate_rule
        engine = self._engine
        return engine.board.rule_for(
            self._endpoint.region, self._request.operation, engine.elapsed_s
        )

    def holds(self, rule: Rule) -> bool:
        """Return whether `rule` still stands; a rate's does until the close."""
        board = self._engine.board
        return rule is self._rate_rule or board.is_in_force(
            rule, self._engine.elapsed_s
        )

    def withheld(self, fault: Fault) -> None:
        """Note that nothing is answered for now; do the work if the fault does."""
        if fault.works:
            self._work()
        self._note(answered=fault.name, fault=fault.name)

    def reply(self, fault: Fault | None) -> tuple[Reply, str]:
        """Return what to send and its name for the log, the work being done."""
        answer = self._answer(fault)
        self._note(fault=fault.name if fault else None)
        if fault and fault.page:
            page = fault.page
            headers = {"Content-Type": page.content_type, "Date": self._date()}
            reply = Reply(http_status=page.http_status, headers=headers, body=page.body)
            return reply, fault.name
        plain = rendered(answer, self._request)
        amzn = {"x-amzn-RequestId": self._engine.amzn_request_id()}
        headers = {**plain.headers, **amzn, "Date": self._date()}
        reply = Reply(http_status=plain.http_status, headers=headers, body=plain.body)
        whole = fault is None or fault.delivery is Delivery.WHOLE
        return reply, answer.wording if whole or fault is None else fault.name

    def answering(self, answered: str) -> None:
        """Note what goes out; to be called just before it does."""
        self._note(answered=answered, answered_at_s=self._engine.clock.wall_s())

    def _answer(self, fault: Fault | None) -> Answer:
        done = self._work() if fault is None or fault.works else None
        if fault and fault.refusal:
            return refusal_of(fault.refusal, self._request.operation)
        return done or Answer()

    def _work(self) -> Answer:
        answer = self._engine.work(self._endpoint, self._request)
        self._created = self._created or answer.created
        self._claim_code = answer.fields.get("gcClaimCode")
        return answer

    def _note(self, **facts: object) -> None:
        self._engine.log.complete(
            self._sequence,
            card_created=self._created,
            claim_code=self._claim_code,
            **facts,
        )

    def _date(self) -> str:
        return formatdate(self._engine.clock.wall_s(), usegmt=True)


def _require(kind: str, value: str | None, known: Mapping[str, object]) -> None:
    if value is not None and value not in known:
        raise UnknownNameError(kind, value, known)
