"""One line of a call log, version 1: what any language can write.

Pure. `docs/call-log.md` is the contract. A line is one ended call, either
already classified (it has an `outcome`) or raw, and then judged as the guard
would have.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from agcod_guard.call import UNKNOWN_ENDPOINT, Call, Endpoint, Outcome
from agcod_guard.formats.logged import (
    Exchange,
    Facts,
    Failure,
    Headers,
    Known,
    Logged,
    call_in,
    class_leading,
    headers_of,
)
from agcod_guard.formats.values import (
    Record,
    amount_in,
    body_in,
    flag_in,
    record_in,
    refused,
    seconds_in,
    text_in,
    time_in,
    whole_in,
)
from agcod_guard.protocol.failures import code_of
from agcod_guard.protocol.operations import OPERATIONS, UNKNOWN_OPERATION
from agcod_guard.protocol.request_body import serial_of
from agcod_guard.protocol.untrusted import name_of, redacted

VERSION = 1

COMMON_KEYS = frozenset(
    {"v", "event_id", "started_at", "duration_s", "source", "attempts", "probe"}
)
"""Keys of every line."""

RAW_KEYS = frozenset(
    {
        "method",
        "url",
        "request_headers",
        "request_body",
        "status",
        "response_headers",
        "response_body",
        "error",
        "exception",
    }
)
"""Keys of a line that is not classified yet."""

CLASSIFIED_KEYS = frozenset(
    {
        "outcome",
        "endpoint",
        "url",
        "operation",
        "partner_id",
        "request_id",
        "status",
        "error_code",
        "error_type",
        "message",
        "amzn_request_id",
        "marked",
        "amount",
        "currency",
        "card_serial",
        "exception",
    }
)
"""Keys of a line that is."""

_KEYS = COMMON_KEYS | RAW_KEYS | CLASSIFIED_KEYS
_ENDPOINT = re.compile(r"[a-z0-9-]{1,16}?(?:-sandbox|-loopback)?")
_NO_HEADERS: Headers = {}
_MOST_ATTEMPTS = 1_000
_LONGEST_EVENT_ID = 200


def logged_line(line: bytes, known: Known, *, call_id: str) -> Logged | None:
    """Return what a line says; None if it is of a host that is not AGCOD's.

    Args:
        line: UTF-8, with or without its end.
        known: What the settings know.
        call_id: The call's name if the line has no `event_id`.

    Raises:
        BadRecord: It is no such line.
    """
    record = record_in(line, what="the line")
    version = record.get("v")
    if version != VERSION or isinstance(version, bool):
        raise refused("v", version, f"{VERSION}, the version of this format")
    event_id = text_in(record, "event_id")
    facts = Facts(
        call_id=call_id if event_id is None else _named_by(event_id),
        started_at_s=time_in(record, "started_at"),
        duration_s=seconds_in(record, "duration_s"),
        source=_name(text_in(record, "source")) or "",
        attempts=whole_in(record, "attempts", at_most=_MOST_ATTEMPTS) or 1,
        probe=flag_in(record, "probe") or False,
    )
    exchange, call = None, None
    if record.get("outcome") is None:
        exchange = _exchange(record)
        call = call_in(exchange, facts, known, failure=_failure(record))
    else:
        call = _classified(record, facts, known)
    if call is None:
        return None
    return Logged(call, exchange, event_id is not None, record.keys() - _KEYS)


def _exchange(record: Record) -> Exchange:
    url = text_in(record, "url")
    if url is None:
        raise refused("url", None, "the URL that was called, or outcome must be there")
    status = whole_in(record, "status", at_most=999) or None
    if status is None and record.get("error") is None:
        raise refused("status", None, "the answer's, or error must say what came")
    return Exchange(
        method=text_in(record, "method") or "POST",
        url=url,
        headers=_headers(record, "request_headers"),
        body=body_in(record.get("request_body"), "request_body"),
        status=status,
        answer_headers=_headers(record, "response_headers"),
        answer_body=body_in(record.get("response_body"), "response_body"),
    )


def _failure(record: Record) -> Failure | None:
    text = text_in(record, "error")
    if text is None:
        return None
    return Failure(text, text_in(record, "exception") or class_leading(text))


def _headers(record: Record, name: str) -> Headers:
    """Return headers, an object or a list of pairs; several values are joined."""
    value = record.get(name)
    if value is None:
        return _NO_HEADERS
    if isinstance(value, dict) and all(type(each) is str for each in value.values()):
        return value
    pairs: Any = value.items() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        try:
            return headers_of((key, _header(each)) for key, each in pairs)
        except (TypeError, ValueError):
            pass
    raise refused(name, value, "an object of texts, or a list of [name, text]")


def _header(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, int | float):
        return str(value)
    raise TypeError


def _classified(record: Record, facts: Facts, known: Known) -> Call | None:
    endpoint = _endpoint(record, known)
    if endpoint == UNKNOWN_ENDPOINT:
        return None
    code = code_of(text_in(record, "error_code"))
    amzn_request_id = name_of(text_in(record, "amzn_request_id"))
    marked = flag_in(record, "marked")
    message = text_in(record, "message")
    return Call(
        endpoint=endpoint,
        operation=_operation(text_in(record, "operation")),
        outcome=_outcome(record),
        partner_id=name_of(text_in(record, "partner_id")) or known.partner_id,
        request_id=name_of(text_in(record, "request_id")),
        error_code=code,
        error_type=_name(text_in(record, "error_type")),
        message=redacted(message) if message else None,
        status=whole_in(record, "status", at_most=999) or None,
        amzn_request_id=amzn_request_id,
        marked=bool(code or amzn_request_id) if marked is None else marked,
        amount=amount_in(record, "amount"),
        currency=_name(text_in(record, "currency")),
        card_serial=serial_of(text_in(record, "card_serial")),
        exception=_name(text_in(record, "exception")),
        **facts._asdict(),
    )


def _outcome(record: Record) -> Outcome:
    word = text_in(record, "outcome") or ""
    outcome = Outcome.__members__.get(word)
    if outcome is None:
        raise refused("outcome", word, f"one of {', '.join(Outcome)}")
    return outcome


def _endpoint(record: Record, known: Known) -> Endpoint:
    name = text_in(record, "endpoint")
    if name is not None:
        endpoint = _endpoint_named(name)
        if endpoint is None:
            raise refused("endpoint", name, "na, eu, fe or the like, or eu-sandbox")
        return endpoint
    url = text_in(record, "url")
    if url is None:
        raise refused("endpoint", None, "na, eu or fe, or url must be there")
    return known.targets.of(url).endpoint


def _operation(name: str | None) -> str:
    if name is not None and name in OPERATIONS:
        return name
    return _name(name) or UNKNOWN_OPERATION


def _named_by(event_id: str) -> str:
    """Return a call id of 16 hex digits; what the log calls it is not kept."""
    if not 0 < len(event_id) <= _LONGEST_EVENT_ID:
        expected = f"text of 1 to {_LONGEST_EVENT_ID} characters"
        raise refused("event_id", event_id, expected)
    return blake2b(event_id.encode("utf-8", "replace"), digest_size=8).hexdigest()


@lru_cache(maxsize=64)
def _endpoint_named(name: str) -> Endpoint | None:
    return Endpoint.parse(name) if _ENDPOINT.fullmatch(name) else None


@lru_cache(maxsize=512)
def _name(text: str | None) -> str | None:
    """Return what comes again and again, redacted once."""
    return name_of(text)
