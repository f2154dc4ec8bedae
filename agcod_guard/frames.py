"""What the journal holds: one frozen value per frame, and its JSON.

Pure. A frame is facts only, already redacted. The names on disk are one or two
letters long, because a call leaves two frames and a year of calls should fit
on a small machine; `docs/journal.md` has the table. Every frame carries both
clocks, in nanoseconds: `wall_ns` since the Unix epoch, for people, and
`mono_ns`, which never goes back, for the fold.

An end frame is self-contained: a reader that never saw the begin loses
nothing. A begin without an end is the only trace of a process that died.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from agcod_guard.call import UNKNOWN_ACCOUNT, Call, Endpoint, Outcome, Trouble
from agcod_guard.outage.path import Step


class Kind(Enum):
    """The type byte of a frame."""

    HEADER = b"H"
    BEGIN = b"B"
    END = b"E"
    SAMPLE = b"S"
    REFERENCE = b"R"
    NETWORK = b"N"
    TRANSITION = b"T"

    __hash__ = object.__hash__  # Enum's own is not in C, and two a frame are asked


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """First frame of every segment: who wrote it, and on which clocks.

    Attributes:
        source: The machine's name.
        boot_id: The boot whose monotonic clock `mono_ns` counts on.
        pid: Process that wrote the segment; for people only.
        wall_ns: One half of the anchor pair, read together with
        mono_ns: the other half.
        version: Version of agcod-guard that wrote the segment.
        policy: The outage policy in force, field by field.
        hosts: Host names from settings and the endpoint each stands for.
        partner_id: The account of calls that carry none; from settings.
        drill: The calls are a rehearsal.
    """

    source: str
    boot_id: str
    pid: int
    wall_ns: int
    mono_ns: int
    version: str
    policy: dict[str, float] = {}
    hosts: dict[str, str] = {}
    partner_id: str | None = None
    drill: bool = False


_SHORT_NAMES = {
    "call_id": "c",
    "wall_ns": "w",
    "mono_ns": "m",
    "account": "a",
    "endpoint": "e",
    "operation": "o",
    "request_id": "r",
    "amount": "v",
    "currency": "u",
    "card_serial": "n",
    "probe": "p",
    "duration_s": "d",
    "outcome": "x",
    "error_code": "f",
    "error_type": "t",
    "message": "g",
    "status": "s",
    "amzn_request_id": "z",
    "marked": "k",
    "attempts": "l",
    "exception": "y",
    "source": "h",
    "trouble": "q",
    "origin": "i",
    "via": "j",
}


class Begin(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename=_SHORT_NAMES,
    gc=False,
):
    """A call was sent. Fields as in `Call`; `endpoint` is its short name."""

    call_id: str
    wall_ns: int
    mono_ns: int
    account: str
    endpoint: str
    operation: str
    request_id: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    card_serial: str | None = None
    probe: bool = False
    origin: str = ""
    via: str | None = None


class End(
    Begin,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename=_SHORT_NAMES,
    gc=False,
):
    """A call has ended. `source` only where it is not the segment's own."""

    duration_s: float
    outcome: Outcome
    error_code: str | None = None
    error_type: str | None = None
    message: str | None = None
    status: int | None = None
    amzn_request_id: str | None = None
    marked: bool = False
    attempts: int = 1
    exception: str | None = None
    source: str = ""
    trouble: Trouble | None = None


class Sample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A failing exchange as it went over the wire, redacted.

    Attributes:
        call_id: The call it belongs to.
        request: Request line, headers and body.
        answer: Status line, headers and body; empty when nothing came.
    """

    call_id: str
    wall_ns: int
    mono_ns: int
    request: str
    answer: str = ""


class Reference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A host outside Amazon was asked, to know whether our own way is open.

    Attributes:
        target: The URL that was asked.
        reached: Whether any HTTP answer came.
        detail: What came instead, in a few words.
    """

    wall_ns: int
    mono_ns: int
    target: str
    reached: bool
    detail: str = ""


class Network(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The way that failing calls went was tried.

    Attributes:
        endpoint: Short name of the endpoint.
        origin: Scheme, host and port; empty for Amazon's own host.
        via: Address of the proxy; empty for none, None if not known.
        steps: What was tried and what came of it.
    """

    wall_ns: int
    mono_ns: int
    endpoint: str
    origin: str = ""
    via: str | None = None
    steps: tuple[Step, ...] = ()


class TransitionNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A transition was published; for people and replays, never folded."""

    wall_ns: int
    mono_ns: int
    scope: str
    phase: str
    reason: str
    incident_id: str | None = None


Frame = Begin | End | Sample | Reference | Network | TransitionNote

_encoder = msgspec.json.Encoder(decimal_format="string")
_TYPES: dict[Kind, type] = {
    Kind.BEGIN: Begin,
    Kind.END: End,
    Kind.SAMPLE: Sample,
    Kind.REFERENCE: Reference,
    Kind.NETWORK: Network,
    Kind.TRANSITION: TransitionNote,
    Kind.HEADER: Header,
}
_type_bytes = {type_: kind.value for kind, type_ in _TYPES.items()}
_decoders: dict[Kind, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(type_) for kind, type_ in _TYPES.items()
}


def type_byte_of(frame: Frame | Header) -> bytes:
    """Return the type byte that `frame` is stored under."""
    return _type_bytes[type(frame)]


encoded: Callable[[Frame | Header], bytes] = _encoder.encode
"""Returns the frame's JSON: one line, no raw newline inside."""


def decoded(kind: Kind, payload: bytes) -> Frame | Header:
    """Return the frame that `payload` holds.

    Raises:
        msgspec.DecodeError: The payload is not such a frame.
    """
    frame: Frame | Header = _decoders[kind].decode(payload)
    return frame


def end_of(call: Call, *, wall_ns: int, mono_ns: int) -> End:
    """Return the end frame of `call`; the stamps are those of its end."""
    return End(
        call_id=call.call_id,
        wall_ns=wall_ns,
        mono_ns=mono_ns,
        account=call.partner_id or UNKNOWN_ACCOUNT,
        endpoint=str(call.endpoint),
        operation=call.operation,
        request_id=call.request_id,
        amount=call.amount,
        currency=call.currency,
        card_serial=call.card_serial,
        probe=call.probe,
        duration_s=round(call.duration_s, 6),
        outcome=call.outcome,
        error_code=call.error_code,
        error_type=call.error_type,
        message=call.message,
        status=call.status,
        amzn_request_id=call.amzn_request_id,
        marked=call.marked,
        attempts=call.attempts,
        exception=call.exception,
        source=call.source,
        trouble=call.trouble,
        origin=call.origin,
        via=call.via,
    )


def call_of(end: End, source: str) -> Call:
    """Return the Call an end frame stands for; `source` is its segment's."""
    ended_at_s = end.wall_ns / 1e9
    return Call(
        endpoint=Endpoint.parse(end.endpoint),
        operation=end.operation,
        outcome=end.outcome,
        started_at_s=ended_at_s - end.duration_s,
        duration_s=end.duration_s,
        ended_at_s=ended_at_s,
        call_id=end.call_id,
        partner_id=None if end.account == UNKNOWN_ACCOUNT else end.account,
        request_id=end.request_id,
        error_code=end.error_code,
        error_type=end.error_type,
        message=end.message,
        status=end.status,
        amzn_request_id=end.amzn_request_id,
        marked=end.marked,
        amount=end.amount,
        currency=end.currency,
        card_serial=end.card_serial,
        attempts=end.attempts,
        source=end.source or source,
        probe=end.probe,
        exception=end.exception,
        trouble=end.trouble,
        origin=end.origin,
        via=end.via,
    )


def overdue_call(begin: Begin, source: str, *, overdue_s: float) -> Call:
    """Return what a begin without an end stands for: no answer so far."""
    started_at_s = begin.wall_ns / 1e9
    return Call(
        endpoint=Endpoint.parse(begin.endpoint),
        operation=begin.operation,
        outcome=Outcome.NO_ANSWER,
        started_at_s=started_at_s,
        duration_s=overdue_s,
        call_id=begin.call_id,
        partner_id=None if begin.account == UNKNOWN_ACCOUNT else begin.account,
        request_id=begin.request_id,
        amount=begin.amount,
        currency=begin.currency,
        card_serial=begin.card_serial,
        source=source,
        probe=begin.probe,
        origin=begin.origin,
        via=begin.via,
    )
