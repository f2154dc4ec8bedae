"""The words that everything else speaks: Call, Outcome, Endpoint, Scope.

Pure values. Names are those of Amazon's pages where Amazon has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Outcome(StrEnum):
    """What one call says about AGCOD's health; a closed set."""

    SUCCESS = "SUCCESS"
    """Amazon did what was asked: the service is up."""
    REJECTED = "REJECTED"
    """The input was refused: Amazon is alive, the order is not."""
    ACCOUNT = "ACCOUNT"
    """Contract, funds or permission: a matter for a person, never the pager."""
    THROTTLED = "THROTTLED"
    """Our own rate was too high: Amazon is alive."""
    DENIED = "DENIED"
    """Key, signature, token or clock: our side until proven otherwise."""
    FAULT = "FAULT"
    """Amazon answered that it failed, or answered nothing readable."""
    NO_ANSWER = "NO_ANSWER"
    """No answer came: timeout, reset, refused, DNS, TLS; side unknown."""
    ABANDONED = "ABANDONED"
    """The caller gave up or never sent: proves nothing."""

    __hash__ = str.__hash__  # that of Enum is Python code


class Trouble(StrEnum):
    """How far a call came that got no answer, as its client told."""

    NAME = "name"
    """The host's name was not resolved."""
    NO_ROUTE = "no route"
    """This machine knows no way to the host."""
    REFUSED = "refused"
    """The connection was refused."""
    UNTRUSTED = "untrusted"
    """Nobody we trust has signed the certificate."""
    CONNECT = "connect"
    """The connection was not made in time."""
    ANSWER = "answer"
    """The connection was made; the answer did not come in time."""


TECHNICAL_FAILURES = frozenset({Outcome.FAULT, Outcome.NO_ANSWER})
"""The outcomes that can make an outage."""

REFUSALS = frozenset({Outcome.REJECTED, Outcome.ACCOUNT, Outcome.DENIED})
"""Answers that are neither a success nor a technical failure."""


class Environment(StrEnum):
    """Which AGCOD an endpoint is; only production can concern Amazon's pager."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"
    LOOPBACK = "loopback"
    """A stand-in on this machine, or any host that is not one of Amazon's."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One AGCOD: a region in an environment.

    Attributes:
        region: `na`, `eu` or `fe`; for a host from settings, whatever it says.
        environment: Where it stands; decides whether an outage of it matters.
    """

    region: str
    environment: Environment = Environment.PRODUCTION

    def __post_init__(self) -> None:
        object.__setattr__(self, "environment", Environment(self.environment))

    def __str__(self) -> str:
        """Return the short name: `eu` in production, else `eu-sandbox`."""
        if self.environment is Environment.PRODUCTION:
            return self.region
        return f"{self.region}-{self.environment.value}"

    @classmethod
    def parse(cls, name: str) -> Endpoint:
        """Return the endpoint whose short name is `name`."""
        for environment in (Environment.SANDBOX, Environment.LOOPBACK):
            if name.endswith(f"-{environment.value}"):
                return cls(name.removesuffix(f"-{environment.value}"), environment)
        return cls(name)


UNKNOWN_ENDPOINT = Endpoint("unknown", Environment.LOOPBACK)
"""A host that neither Amazon nor the settings name; never concerns the pager."""

UNKNOWN_ACCOUNT = "unknown"
"""The account of calls that carry no partner id."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What can be down by itself: one account at one endpoint."""

    account: str
    endpoint: Endpoint

    def __str__(self) -> str:
        """Return `account/endpoint`, e.g. `Acmes/eu`."""
        return f"{self.account}/{self.endpoint}"

    @classmethod
    def parse(cls, name: str) -> Scope:
        """Return the scope whose text is `name`."""
        account, _, endpoint = name.rpartition("/")
        return cls(account, Endpoint.parse(endpoint))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP exchange with AGCOD, already redacted.

    Attributes:
        endpoint: The AGCOD that was called.
        operation: AGCOD operation name, e.g. `CreateGiftCard`.
        outcome: What the exchange says about AGCOD's health.
        started_at_s: Wall-clock start, seconds since the Unix epoch.
        duration_s: Monotonic time from send to the end of the answer, seconds.
        ended_at_s: Wall-clock end; `started_at_s + duration_s` unless given.
        call_id: Our own name for this exchange, 16 hex digits; empty until
            the recorder gives one.
        partner_id: The account of the request; None when it carries none.
        request_id: The partner's own id, shared by every retry of one order;
            None for operations that send none.
        error_code: `F500` and the like; None when the answer carries none.
        error_type: `GeneralError` and the like; None when there is none.
        message: What the answer or the exception said, redacted, at most
            300 characters.
        status: HTTP status code; None when no response arrived.
        amzn_request_id: Amazon's `x-amzn-RequestId`; None when absent.
        marked: The answer carries Amazon's marks (an F-code body,
            `x-amzn-RequestId`, or a coral `__type`).
        amount: Face value asked for; None where the operation has none.
        currency: ISO 4217 code of `amount`.
        card_serial: 16-digit serial of a physical card; None otherwise.
        attempts: How many times the client sent the order in this exchange.
        source: Machine that made the call.
        probe: A harmless test call of the guard, not the partner's.
        exception: Class name of the exception the caller saw, if any.
        trouble: How far a call came that got no answer; None if not known.
        origin: Scheme, host and port that were called, where it is not Amazon's
            own host of the endpoint; else empty.
        via: `host:port` of the proxy used; empty for none, None if not known.
    """

    endpoint: Endpoint
    operation: str
    outcome: Outcome
    started_at_s: float
    duration_s: float
    ended_at_s: float = -1.0
    call_id: str = ""
    partner_id: str | None = None
    request_id: str | None = None
    error_code: str | None = None
    error_type: str | None = None
    message: str | None = None
    status: int | None = None
    amzn_request_id: str | None = None
    marked: bool = False
    amount: Decimal | None = None
    currency: str | None = None
    card_serial: str | None = None
    attempts: int = 1
    source: str = ""
    probe: bool = False
    exception: str | None = None
    trouble: Trouble | None = None
    origin: str = ""
    via: str | None = None

    def __post_init__(self) -> None:
        if self.ended_at_s < 0:
            object.__setattr__(self, "ended_at_s", self.started_at_s + self.duration_s)

    @property
    def scope(self) -> Scope:
        """The account and endpoint this call speaks for."""
        return Scope(self.partner_id or UNKNOWN_ACCOUNT, self.endpoint)

    @property
    def error(self) -> str | None:
        """The error in Amazon's wording, `F500 GeneralError`; None on success.

        Without an F-code: what came instead, e.g. `HTTP 503` or
        `no response: ReadTimeout after 6.0 s`.
        """
        if self.error_code or self.error_type:
            return " ".join(filter(None, (self.error_code, self.error_type)))
        if self.status is None:
            name = f": {self.exception}" if self.exception else ""
            return f"no response{name} after {self.duration_s:.1f} s"
        return None if self.outcome is Outcome.SUCCESS else f"HTTP {self.status}"
