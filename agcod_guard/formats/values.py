"""Take values out of a JSON object, or say what is wrong with them.

Pure. What stands in a log may be anything, a claim code in the place of a time
included: what an error shows of it is redacted and short.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeGuard

import msgspec

from agcod_guard.errors import GuardError
from agcod_guard.protocol.bodies import LONGEST_PARSED
from agcod_guard.redaction.text import redact_fields

Record = Mapping[str, Any]

A_TIME = "ISO 8601 with a zone, such as 2026-11-22T11:15:05.250Z, or epoch seconds"

_EARLIEST_S, _LATEST_S = 946_684_800.0, 4_102_444_800.0  # the years 2000 and 2100
_LONGEST_S = 86_400.0
_LONGEST_TIME = 64
_LONGEST_AMOUNT = 32
_LONGEST_LOOKED_AT = 1_024
_LONGEST_SHOWN = 60


class BadRecord(GuardError):
    """A record of a call log cannot be taken for a call.

    Attributes:
        key: Dotted name of what is wrong.
        shown: What stands there, redacted and shortened; `missing` for nothing.
        expected: What it must be, in words.
    """

    def __init__(self, key: str, shown: str, expected: str) -> None:
        super().__init__(key, shown, expected)
        self.key, self.shown, self.expected = key, shown, expected

    def __str__(self) -> str:
        return f"{self.key} is {self.shown} but must be {self.expected}"


def refused(key: str, value: object, expected: str) -> BadRecord:
    """Return the error for a value, which it shows as far as it may be shown."""
    return BadRecord(key, _shown(key, value), expected)


def record_in(text: bytes, *, what: str) -> dict[str, Any]:
    """Return the JSON object that `text` is.

    Args:
        text: UTF-8.
        what: What to call it in an error: `the line`.

    Raises:
        BadRecord: It is none.
    """
    expected = "one JSON object"
    try:
        record = msgspec.json.decode(text)
    except RecursionError:
        raise BadRecord(what, "nested too deeply", expected) from None
    except UnicodeDecodeError:
        raise BadRecord(what, "not UTF-8", expected) from None
    except msgspec.MsgspecError as error:
        raise BadRecord(what, f"no JSON ({error})", expected) from None
    if not isinstance(record, dict):
        raise BadRecord(what, _kind_of(record), expected)
    return record


def object_in(record: Record, name: str, *, at: str = "") -> dict[str, Any]:
    """Return the object under `name`, which must be there.

    `at` is the dotted name of `record` itself, with its dot; here and below.
    """
    value = record.get(name)
    if not isinstance(value, dict):
        raise refused(at + name, value, "an object")
    return value


def text_in(record: Record, name: str, *, at: str = "") -> str | None:
    """Return the text under `name`; None if there is none."""
    value = record.get(name)
    if value is None or isinstance(value, str):
        return value
    raise refused(at + name, value, "text")


def flag_in(record: Record, name: str) -> bool | None:
    """Return the truth value under `name`; None if there is none."""
    value = record.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise refused(name, value, "true or false")


def time_in(record: Record, name: str) -> float:
    """Return the time under `name`, seconds since the Unix epoch.

    A time without a zone is refused: a packet states its times in GMT.
    """
    value = record.get(name)
    at_s = _epoch_s(value)
    if at_s is None:
        raise refused(name, value, A_TIME)
    if not _EARLIEST_S <= at_s < _LATEST_S:
        raise refused(name, value, "a time of the years 2000 to 2099, in seconds")
    return at_s


def seconds_in(record: Record, name: str, *, per_second: float = 1.0) -> float:
    """Return the duration under `name` in seconds.

    Args:
        record: What it stands in.
        name: Its key.
        per_second: How many of the log's unit make a second.
    """
    value = record.get(name)
    if _is_number(value) and 0 <= value <= _LONGEST_S * per_second:
        return value / per_second
    unit = "seconds" if per_second == 1.0 else "milliseconds"
    raise refused(name, value, f"a number of {unit} from 0 to a day's")


def whole_in(record: Record, name: str, *, at: str = "", at_most: int) -> int | None:
    """Return the whole number from 0 up under `name`; None if there is none."""
    value = record.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= at_most:
        raise refused(at + name, value, f"a whole number from 0 to {at_most}")
    return value


def amount_in(record: Record, name: str) -> Decimal | None:
    """Return the amount of money under `name`, a number or text; None if none."""
    value = record.get(name)
    if value is None:
        return None
    if _is_number(value) or isinstance(value, str):
        try:
            amount = Decimal(str(value)[: _LONGEST_AMOUNT + 1])
        except InvalidOperation:
            amount = Decimal("NaN")
        if amount.is_finite() and len(str(amount)) <= _LONGEST_AMOUNT:
            return amount
    raise refused(name, value, "an amount of money: a number, or text such as 25.00")


def body_in(value: object, key: str) -> bytes | None:
    """Return the first 64 kB of a body: text as it is, an object as its JSON.

    None stands for a body that was not seen.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value[:LONGEST_PARSED].encode("utf-8", "replace")[:LONGEST_PARSED]
    if isinstance(value, dict | list):
        return msgspec.json.encode(value)[:LONGEST_PARSED]
    raise refused(key, value, "the body's text, or the JSON it holds")


def _epoch_s(value: object) -> float | None:
    if isinstance(value, str) and len(value) <= _LONGEST_TIME:
        try:
            at = datetime.fromisoformat(value)
            return None if at.tzinfo is None else at.timestamp()
        except (ValueError, OverflowError):
            return None
    return float(value) if _is_number(value) else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(key: str, value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, dict | list):
        return _kind_of(value)
    kept = value[:_LONGEST_LOOKED_AT] if isinstance(value, str) else value
    # As a field, so that its name helps to tell whether it may be shown.
    safe = redact_fields(json.dumps({key: kept})).partition(": ")[2][:-1]
    return safe if len(safe) <= _LONGEST_SHOWN else f"{safe[:_LONGEST_SHOWN]}..."


def _kind_of(value: object) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return "text"
        case None:
            return "null"
        case _:
            return "a number or a truth value"
