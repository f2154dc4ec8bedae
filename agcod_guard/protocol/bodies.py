"""Make text of a body, whatever it is, and tell its form from the first byte.

Pure, never raises, and bounded: at most 64 kB from the front and 4 kB from the
end of a body are looked at, at most 1 MB is decompressed. Content-Type is never
asked: AGCOD's clients send and get wrong ones.
"""

from __future__ import annotations

import codecs
import zlib
from dataclasses import dataclass
from enum import Enum, auto

LONGEST_PARSED = 65_536
"""Characters of a body that are read; what is longer is searched."""

_LONGEST_TAIL = 4_096
_LONGEST_INFLATED = 1_048_576
_SNIFFED = 1_024


class Form(Enum):
    """What a body looks like."""

    UNSEEN = auto()
    """There is none to look at, or it is in a coding that we cannot undo."""
    EMPTY = auto()
    JSON = auto()
    XML = auto()
    HTML = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyText:
    """The readable part of a body.

    Attributes:
        form: What it looks like.
        head: The first characters, at most `LONGEST_PARSED`.
        tail: The last characters of a body that is longer; else empty.
        cut: There was more than `head` shows, or there may have been.
    """

    form: Form
    head: str = ""
    tail: str = ""
    cut: bool = False


UNSEEN = BodyText(form=Form.UNSEEN)

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Which of the first four bytes are zero, when they are ASCII in that encoding.
_WIDE: dict[tuple[bool, ...], str] = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
_GZIP_MAGIC = b"\x1f\x8b"
_PLAIN_STARTS = (b"{", b"<")
_UNDONE = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


def body_text(body: object, content_encoding: str = "") -> BodyText:
    """Return the text of `body`.

    Args:
        body: Bytes or text; anything else counts as not seen.
        content_encoding: Value of the Content-Encoding header. Many clients
            have undone it already, so the bytes themselves are asked first.
    """
    if isinstance(body, str):
        return _formed(body, cut=len(body) > LONGEST_PARSED)
    if not isinstance(body, bytes | bytearray | memoryview):
        return UNSEEN
    raw = bytes(body)
    if raw[:1] in _PLAIN_STARTS or not raw:
        return _decoded(raw)
    coding = content_encoding.strip().lower()
    inflated = _inflated(raw, coding)
    if inflated is not None:
        return _decoded(inflated)
    text = _decoded(raw)
    if coding not in _UNDONE and text.form is Form.OTHER:
        return UNSEEN
    return text


def _inflated(raw: bytes, coding: str) -> bytes | None:
    """Return the first megabyte of what `raw` holds; None if it is no archive."""
    for wbits in _window_bits(raw, coding):
        inflater = zlib.decompressobj(wbits)
        try:
            inflated = inflater.decompress(raw, _LONGEST_INFLATED)
        except zlib.error:
            continue
        if inflated:
            return inflated
    return None


def _window_bits(raw: bytes, coding: str) -> tuple[int, ...]:
    if raw.startswith(_GZIP_MAGIC):
        return (16 + zlib.MAX_WBITS,)
    if raw[0] & 0x0F == zlib.DEFLATED and int.from_bytes(raw[:2], "big") % 31 == 0:
        return (zlib.MAX_WBITS,)
    return (-zlib.MAX_WBITS,) if coding == "deflate" else ()


def _decoded(raw: bytes) -> BodyText:
    """Return the text of `raw`, decoded at both ends only."""
    cut = len(raw) >= LONGEST_PARSED
    encoding, skipped = _encoding_of(raw)
    head = _text_in(raw[skipped:LONGEST_PARSED], encoding)
    # A multiple of four never splits a wide character.
    tail = raw[max(LONGEST_PARSED, len(raw) - _LONGEST_TAIL & ~3) :] if cut else b""
    return _formed(head, _text_in(tail, encoding), cut=cut)


def _encoding_of(raw: bytes) -> tuple[str, int]:
    """Return the encoding of `raw` and the length of its byte order mark."""
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return encoding, len(bom)
    zeros = tuple(byte == 0 for byte in raw[:4])
    return _WIDE.get(zeros, "utf-8"), 0


def _text_in(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        # Cut within a character, or a charset nobody named: codes are ASCII.
        narrow = "latin-1" if encoding == "utf-8" else encoding
        return raw.decode(narrow, "replace")


def _formed(text: str, tail: str = "", *, cut: bool) -> BodyText:
    if len(text) > LONGEST_PARSED:
        text, tail = text[:LONGEST_PARSED], text[-_LONGEST_TAIL:]
    head = text.lstrip("\ufeff \t\r\n\0")
    return BodyText(form=_form_of(head), head=head, tail=tail, cut=cut)


def _form_of(head: str) -> Form:
    match head[:1]:
        case "":
            return Form.EMPTY
        case "{" | "[":
            return Form.JSON
        case "<":
            start = head[:_SNIFFED].lower()
            return (
                Form.HTML if "<html" in start or "doctype html" in start else Form.XML
            )
        case _:
            return Form.OTHER
