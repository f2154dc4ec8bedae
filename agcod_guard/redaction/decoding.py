r"""See through the disguises of a text: escapes, look-alikes, encodings.

Pure. A `View` is the text as a reader would see it, together with the way back
to the characters it was made of. `views` yields the text itself, without
invisible characters and with look-alikes folded to ASCII, then the same with
escapes (`%2D`, `&#45;`, `\u002d`, `=2D`) undone, `LEVELS` deep at most.
`decoded_tokens` opens base64, base64url and hex.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from agcod_guard.redaction.spans import Span

LEVELS = 3
"""How many encodings on top of each other are undone."""

_UNUSUAL = re.compile(r"[^\t\n\r -~]")
# Every branch starts with a literal, so the search skips all other characters.
_ESCAPE = re.compile(
    r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*+"
    r"|\\x[0-9A-Fa-f]{2}(?:\\x[0-9A-Fa-f]{2})*+"
    r"|=(?:22|2D|3[ACDE]|E2=80=[89][0-9A-F])"
    r"|%u[0-9A-Fa-f]{4}|\\u[0-9A-Fa-f]{4}"
    r"|\\[\"'/\\nrt](?:\\[\"'/\\nrt])*+"
    r"|&#[0-9]{1,7};?|&#[xX][0-9A-Fa-f]{1,6};?|&[A-Za-z]{2,8};"
    r"|\x1b\[[0-9;]{0,16}[A-Za-z]"
)
_BYTE = re.compile(r"[0-9A-Fa-f]{2}")
_PLAIN = str.maketrans("nrt", "\n\r\t")
_INVISIBLE = "\u200b"
_ENTITIES = {
    "amp": "&",
    "quot": '"',
    "apos": "'",
    "lt": "<",
    "gt": ">",
    "nbsp": " ",
    "shy": "\xad",
    "hyphen": "-",
    "dash": "-",
    "ndash": "-",
    "mdash": "-",
    "minus": "-",
    "colon": ":",
    "equals": "=",
    "lowbar": "_",
    "period": ".",
}
_TWINS = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423"
    "\u0425\u0406\u0408\u0405\u050c\u051a\u051c\u0417\u0430\u0435\u043e"
    "\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u051b\u051d"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1"
    "\u03a4\u03a5\u03a7\u03bf\u03bd\u03b1\u03b9\u03c1\u03c5\u04c0\u0237"
    "\u042c\u0431",
    "ABEKMHOPCTYXIJSGQW3aeopcyxijsdhqwABEZHIKMNOPTYXovaipuIjB6",
)
"""Cyrillic and Greek letters that print like Latin ones; NFKC keeps them."""
_DASHES = "\u02d7\u06d4\u1806\u2043\u207b\u208b\u2212\u2500\u2501\u2796\u30fc\uff70"
_FOLDED_RANGES = (
    range(0x20),
    range(0x7F, 0x3100),
    range(0xA4D0, 0xA500),
    range(0xFE00, 0x10000),
    range(0x1D400, 0x1D800),
    range(0x1F100, 0x1F190),
    range(0xE0000, 0xE0200),
)


class View(NamedTuple):
    """A text as a reader sees it, and where each of its characters came from.

    Attributes:
        text: What is seen.
        starts: For each character of `text`, and for its end, the index in the
            original; None where both are the same.
    """

    text: str
    starts: list[int] | None = None

    def original(self, span: Span) -> Span:
        """Return `span` of this view as one of the original."""
        if self.starts is None:
            return span
        start, end, finding, quoted = span
        return Span(self.starts[start], self.starts[end], finding, quoted)


def views(text: str) -> Iterator[View]:
    """Yield `text` as it can be read, from plain to most decoded."""
    view = View(text)
    for level in range(LEVELS + 1):
        yield _folded(view)
        if level == LEVELS or (decoded := _unescaped(view)) is None:
            return
        view = decoded


def _folded(view: View) -> View:
    """Return `view` in ASCII where possible, without invisible characters."""
    if not _UNUSUAL.search(view.text):
        return view
    table = _fold_table()
    if table.keys().isdisjoint(map(ord, set(view.text))):
        return view
    invisible = _invisible()
    text = view.text.translate(table)
    if len(text) == len(view.text):
        return View(text, view.starts)
    kept = [i for i, char in enumerate(view.text) if char not in invisible]
    kept.append(len(view.text))
    starts = kept if view.starts is None else [view.starts[i] for i in kept]
    return View(text, starts)


@cache
def _fold_table() -> dict[int, str | None]:
    """Return what each unusual character looks like; None: like nothing."""
    import unicodedata

    table: dict[int, str | None] = {}
    for code in (code for codes in _FOLDED_RANGES for code in codes):
        char = chr(code)
        category = unicodedata.category(char)
        if char in "\t\n\r":
            continue
        if category in {"Cc", "Cf", "Mn", "Me"} or char in "\u115f\u1160\u3164\uffa0":
            table[code] = None
        elif category == "Pd" or char in _DASHES:
            table[code] = "-"
        elif category in {"Zs", "Zl", "Zp"}:
            table[code] = " "
        elif twin := _twin(char, unicodedata.normalize("NFKD", char)):
            table[code] = twin
    return table


def _twin(char: str, decomposed: str) -> str:
    """Return the one ASCII character that `char` looks like, or nothing."""
    if "0" <= (digit := _digit(char)) <= "9":
        return digit
    plain = char.translate(_TWINS)
    if plain == char:
        plain = decomposed[:1].translate(_TWINS)
    return plain if plain != char and plain.isascii() else ""


def _digit(char: str) -> str:
    return str(int(char)) if char.isdecimal() else ""


@cache
def _invisible() -> frozenset[str]:
    return frozenset(chr(code) for code, char in _fold_table().items() if char is None)


def _unescaped(view: View) -> View | None:
    """Return `view` with one level of escapes undone; None: there is none."""
    text, starts = view.text, view.starts
    pieces: list[str] = []
    origins: list[int] = []
    position = 0
    for match in _ESCAPE.finditer(text):
        plain, widths = _meaning(match[0])
        if not plain:
            continue
        start = match.start()
        pieces += (text[position:start], plain)
        origins.extend(range(position, start))
        for width in widths:
            origins.append(start)
            start += width
        position = match.end()
    if not pieces:
        return None
    pieces.append(text[position:])
    origins.extend(range(position, len(text) + 1))
    if starts is not None:
        origins = [starts[origin] for origin in origins]
    return View("".join(pieces), origins)


def _meaning(escape: str) -> tuple[str, list[int]]:
    """Return what an escape stands for, and how wide each character was."""
    kind, mark = escape[0], escape[1]
    if kind == "&":
        return _entity_meaning(escape.rstrip(";")[1:]), [len(escape)]
    if kind == "\x1b":
        return _INVISIBLE, [len(escape)]
    if mark == "u":
        return chr(int(escape[2:], 16)), [len(escape)]
    if kind == "\\" and mark != "x":
        return escape[1::2].translate(_PLAIN), [2] * (len(escape) // 2)
    return _bytes_meaning(escape)


def _entity_meaning(name: str) -> str:
    if name[0] != "#":
        return _ENTITIES.get(name.lower(), "")
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(code) if code < 0x110000 else ""


def _bytes_meaning(escape: str) -> tuple[str, list[int]]:
    """Return the text of `%E2%80%93`, UTF-8 if it is that, else Latin-1."""
    octets = bytes.fromhex("".join(_BYTE.findall(escape)))
    width = len(escape) // len(octets)
    if octets.isascii():
        return octets.decode("ascii"), [width] * len(octets)
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1"), [width] * len(octets)
    return text, [width * len(char.encode()) for char in text]


_BASE64 = re.compile(
    r"[A-Za-z0-9+/_\-](?<![A-Za-z0-9+/_\-].)[A-Za-z0-9+/_\-]{17,}+"
    r"(?:[ \t]{0,8}\r?\n[ \t]{0,8}[A-Za-z0-9+/_\-]{18,}+)*+"
    r"(?:\r?\n[ \t]{0,8}[A-Za-z0-9+/_\-]{1,17}+)?={0,2}"
)
_HEX = re.compile(
    r"[0-9A-Fa-f](?<![0-9A-Za-z].)(?:(?<=0)x[0-9A-Fa-f])?[0-9A-Fa-f]"
    r"(?:(?:[0-9A-Fa-f]{2}){13,}+(?![0-9A-Za-z])"
    r"|(?:[ :,\-][0-9A-Fa-f]{2}){13,}+)"
)
_READABLE = re.compile(
    rb"(?:[\t\n\r -~]|(?:\xe2\x80|\xef\xbc|[\xc2-\xd1])[\x80-\xbf]){13,}+"
    rb"|(?:[\t\n\r -~]\x00){12,}+|(?:\x00[\t\n\r -~]){12,}+"
)
_HEX_GAP = re.compile(r"^0x|[ :,\-]")
_GZIP = b"\x1f\x8b"
_URL_SAFE = str.maketrans("-_", "+/")
_INFLATED_BYTES = 65_536


def decoded_tokens(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, what it says) of base64 and hex that hide a text."""
    for match in _BASE64.finditer(text):
        token = "".join(match[0].split()).rstrip("=").translate(_URL_SAFE)
        # Glued to a prefix (`key_QUFB`), the four-letter steps start later.
        for shift in range(4):
            octets = _from_base64(token[shift:])
            if said := _said(octets):
                yield *match.span(), said
            if octets.isascii():
                break
    for match in _HEX.finditer(text):
        digits = _HEX_GAP.sub("", match[0])
        if said := _said(bytes.fromhex(digits)):
            yield *match.span(), said


def _from_base64(token: str) -> bytes:
    whole = len(token) - (len(token) % 4 == 1)
    return binascii.a2b_base64(token[:whole] + "=" * (-whole % 4))


def _said(octets: bytes) -> str:
    """Return what a person could read of `octets`; garbage says nothing."""
    if octets[:2] == _GZIP:
        octets = inflated(octets, limit_bytes=_INFLATED_BYTES) or b""
    return "\n".join(
        run.decode("utf-8", "replace") for run in _READABLE.findall(octets)
    )


def inflated(octets: bytes, *, limit_bytes: int) -> bytes | None:
    """Return what gzip packed, at most `limit_bytes`; None: not gzip."""
    import zlib

    try:
        return zlib.decompressobj(31).decompress(octets, limit_bytes)
    except zlib.error:
        return None
