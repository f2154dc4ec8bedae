"""A stretch of text that must not be kept, and the text without it.

Pure. Every finder of this package returns spans; only `masked` removes them.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Finding(StrEnum):
    """What was found, in the words of a report."""

    CLAIM_CODE = "claim code"
    CHECKSUM = "card checksum"
    SECRET = "secret"
    PERSONAL = "personal data"


MASKS = {
    Finding.CLAIM_CODE: "[claim code removed]",
    Finding.CHECKSUM: "[removed]",
    Finding.SECRET: "[removed]",
    Finding.PERSONAL: "[removed]",
}
"""What stands in the place of a finding; none looks like a secret."""


class Span(NamedTuple):
    """Characters `start` to `end` of a text must not be kept.

    Attributes:
        start: Index of the first character.
        end: Index after the last character.
        finding: What it is.
        quoted: The mask needs quotes to stay a JSON value.
    """

    start: int
    end: int
    finding: Finding
    quoted: bool = False

    @property
    def mask(self) -> str:
        """The text to put in its place."""
        mask = MASKS[self.finding]
        return f'"{mask}"' if self.quoted else mask


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return `spans` in order, those that overlap as one.

    The wider span's quotes win; a claim code gives its name to the whole.
    """
    result: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start >= span.end:
            continue
        if not result or span.start >= result[-1].end:
            result.append(span)
            continue
        last = result[-1]
        codes = Finding.CLAIM_CODE in {last.finding, span.finding}
        worst = Finding.CLAIM_CODE if codes else last.finding
        result[-1] = last._replace(end=max(last.end, span.end), finding=worst)
    return result


def masked(text: str, spans: Iterable[Span]) -> str:
    """Return `text` with each of `spans` replaced by its mask."""
    pieces: list[str] = []
    position = 0
    for span in merged(spans):
        pieces += (text[position : span.start], span.mask)
        position = span.end
    pieces.append(text[position:])
    return "".join(pieces)


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def lowered(text: str) -> str:
    """Return `text` in lower case, every character at its place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_LOWER)
