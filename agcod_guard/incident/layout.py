"""Put facts into words and lines: times, amounts, escapes, 78 columns. Pure.

Values that came over the wire are shown so that they cannot act: one line
each, with everything that does not print written as an escape.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

COLUMNS = 78
"""Width of a packet's lines."""

_LISTED = 4
_WORDS = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{8,12} GMT[^ ]*"
    r"|(?:[A-Z]{3} [0-9,]+\.[0-9]{2}|JPY [0-9,]+)[^ ]*"
    r"|[^ ]+"
)
"""What stays on one line: a time, an amount of money, a word."""

_LARGEST_AMOUNT = Decimal("1e15")


def identifier(value: str) -> str:
    r"""Return an id as visible ASCII, so that it can be read back exactly.

    Everything but visible ASCII is written `\xNN`, `\uNNNN` or `\UNNNNNNNN`,
    and a backslash is doubled.
    """
    return "".join(
        _escape(mark) if mark == "\\" or not "!" <= mark <= "~" else mark
        for mark in value
    )


def plain(value: str) -> str:
    """Return people's own words on one line, in their own letters.

    White space becomes single blanks; what does not print, or would turn the
    line round, is escaped.
    """
    return "".join(
        mark if mark.isprintable() else _escape(mark)
        for mark in " ".join(value.split())
    )


def harmless_lines(text: str) -> list[str]:
    """Return the lines of a raw exchange, escaped, blanks and tabs as they are."""
    return [
        "".join(
            mark if mark.isprintable() or mark == "\t" else _escape(mark)
            for mark in line
        )
        for line in text.replace("\r\n", "\n").split("\n")
    ]


def wrapped(text: str, *, first: str = "", rest: str = "") -> list[str]:
    """Return `text` in lines of at most 78 columns.

    Lines break at blanks, but never inside a time or an amount. A word wider
    than a line runs on in the next one: nothing is put in or left out, so
    joining the pieces gives the word back.

    Args:
        text: One paragraph, escaped already.
        first: Put before the first line; at most 70 columns.
        rest: Put before every other line.
    """
    lines = [first]
    fresh = True
    for word in _WORDS.findall(text):
        gap = "" if fresh else " "
        if _width(lines[-1]) + len(gap) + _width(word) <= COLUMNS:
            lines[-1] += gap + word
        else:
            lines += _broken(word, lines, rest=rest, fresh=fresh)
        fresh = False
    return [line.rstrip() for line in lines]


def fits(line: str) -> bool:
    """Whether `line` is at most 78 columns wide."""
    return _width(line) <= COLUMNS


def gmt(at_s: float) -> str:
    """Return a wall-clock time in full, to the second below."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S} GMT"


def gmt_ms(at_s: float) -> str:
    """Return a wall-clock time in full, to the millisecond below."""
    moment = datetime.fromtimestamp(at_s, UTC).replace(tzinfo=None)
    return f"{moment.isoformat(' ', 'milliseconds')} GMT"


def length(seconds: float) -> str:
    """Return a length of time in its two largest units, e.g. `23 min 5 s`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def money(amount: Decimal, currency: str | None) -> str:
    """Return an amount of money, e.g. `GBP 2,600.00`; yen have no hundredths."""
    shown = f"{amount:,.2f}" if is_plausible(amount) else "(unreadable amount)"
    if currency == "JPY":
        shown = shown.removesuffix(".00")
    return f"{identifier(currency or '(no currency)')} {shown}"


def is_plausible(amount: Decimal) -> bool:
    """Whether `amount` can be a face value: finite, not negative, not absurd."""
    return amount.is_finite() and 0 <= amount < _LARGEST_AMOUNT


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 call`, `1,204 calls`; `plural` where an s is not enough."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(parts: Iterable[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`; empty for nothing."""
    *most, last = list(parts) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def some(parts: Iterable[str]) -> str:
    """Return the first four of `parts` as a list, and how many more there are."""
    shown = list(parts)
    if len(shown) <= _LISTED:
        return listed(shown)
    return f"{', '.join(shown[:_LISTED])} and {len(shown) - _LISTED:,} more"


def _broken(word: str, lines: list[str], *, rest: str, fresh: bool) -> Iterator[str]:
    """Yield the lines that `word` goes on in; may fill up the last of `lines`."""
    if _width(rest) + _width(word) <= COLUMNS:
        yield rest + word
        return
    room = rest
    if fresh:
        room = lines.pop()
    for mark in word:
        if _width(room) + _width(mark) > COLUMNS:
            yield room
            room = rest
        room += mark
    yield room


def _escape(mark: str) -> str:
    if mark == "\\":
        return "\\\\"
    code = ord(mark)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _width(text: str) -> int:
    """Return the columns `text` takes on a screen; wide letters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(mark)
        else 1 + (unicodedata.east_asian_width(mark) in "WF")
        for mark in text
    )
