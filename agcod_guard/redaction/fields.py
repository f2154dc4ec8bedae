"""Find what is secret because of the name beside it.

Pure and linear. One reading serves JSON, Python and YAML prints, forms, query
strings, headers and attributes: a name, `=` or `:`, a value. XML elements have
their own. Nothing is parsed, so a body cut short or wrapped in a log line is
read like a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from agcod_guard.redaction.names import Name, kind_of
from agcod_guard.redaction.spans import Finding, Span, lowered

_KEY = re.compile(
    r"([\w.\-](?<![\w.\-].)[\w.\-]*+(?:\[[\w.\-]{0,40}\]){0,4}+)(\\{0,3}[\"'`]?\]?\s{0,3})(=>|->|:=|[=:])(\s{0,16})"
    r"((?:[A-Za-z]\w{0,15}[(\[])?\\{0,3}[\"'`]|[A-Za-z]{1,2}[\"']|[{\[(]|)",
    re.A,
)
_QUOTED = {
    quote: re.compile(rf"[^{quote}\\]*+(?:\\.[^{quote}\\]*+)*+", re.S)
    for quote in "\"'`"
}
_BRACKET = re.compile(
    r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"?|(?<!\w)'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'?"
    r"|[{\[(]|[}\])]",
    re.S,
)
_AS_IT_IS = frozenset({Name.OTHER, Name.KEPT, Name.FACT})
_WORD = re.compile(r"[^\s&;,<>\"'`)}\]]{0,4096}+")
_PLAIN_WORD = re.compile(r"[^\s&;,<>\"'`)}\]=:]{0,1024}+")
_SUSPICIOUS = re.compile(r"(?<=[\"'`])|[^\s&;,<>\"'`)}\]=:]{12}")
_CODE_WORD = re.compile(
    r"[^\s&;,<>\"'`)}\]]{1,256}+(?:[ \t+][A-Z0-9]{4,6}(?![A-Za-z0-9])){0,2}"
)
_MASK = re.compile(r"\[(?:claim code )?removed\]([^\s&;,<>\"'`)}\]]*+)")
_LINE = re.compile(r"[^\r\n]*+")
_PHRASE = re.compile(r"(?:(?!\s[\w.\-]{1,40}=)[^&,;\r\n<>\"')}\]]){0,300}")
_TAG = re.compile(r"<([\w.\-]++(?::[\w.\-]++)?)((?:\s[^<>]*+)?/?)>", re.A)
_SCHEME = re.compile(r"(?:aws|basic|bearer|digest|negotiate|ntlm)[ \t]{1,4}", re.I)
_ADDRESS_OF_HOST = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:[:#]\d{1,5})?")
_ATTRIBUTE = re.compile(r"\s(?:name|key|id)\s{0,2}=\s{0,2}[\"']([\w.:\-]{1,80})", re.A)
_PAIR = re.compile(
    r"[(\[nkhf](?:(?<=[(\[])(?P<tuple>)\s{0,8}b?"
    r"|(?<!\w.)(?:(?<=n)ame|(?<=k)ey|(?<=h)eader|(?<=f)ield)"
    r"[\"']?\s{0,4}[:=]\s{0,4})"
    r"(?P<quote>[\"'])(?P<name>[\w.:\-]{1,80})(?P=quote)[\s,]{1,16}"
    r"(?:[\"']?(?:value|content|text)[\"']?\s{0,4}[:=]\s{0,4})?b?(?P<opening>[\"'])",
    re.A,
)
_EMPTY = frozenset(
    {"", "null", "none", "nil", "true", "false", "undefined", "n/a", "-", "\\"}
)
_MISSES = 32
_FINDINGS = {
    Name.CLAIM_CODE: Finding.CLAIM_CODE,
    Name.SECRET: Finding.SECRET,
    Name.LINE: Finding.SECRET,
    Name.PERSONAL: Finding.PERSONAL,
    Name.GROUP: Finding.PERSONAL,
}


class Field(NamedTuple):
    """A named value of a text.

    Attributes:
        start: Index of the value's first character, inside its quotes.
        end: Index after its last.
        name: What its name says.
        scalar: It is a bare JSON value, so a mask needs quotes.
    """

    start: int
    end: int
    name: Name
    scalar: bool = False

    def span(self) -> Span | None:
        """Return what must go because of the name; None: nothing."""
        if (finding := _FINDINGS.get(self.name)) is None:
            return None
        return Span(self.start, self.end, finding, self.scalar)


def fields(text: str, *, all_names: bool = False) -> Iterator[Field]:
    """Yield the named values of `text`.

    Args:
        text: Anything.
        all_names: Also those whose name is not known; bodies ask for them.
    """
    yield from _assignments(text, all_names=all_names)
    yield from _pairs(text)
    yield from _elements(text, all_names=all_names)


def _assignments(text: str, *, all_names: bool) -> Iterator[Field]:
    """Yield what stands behind `name =` and `name:`."""
    end = 0
    for match in _KEY.finditer(text):
        name = kind_of(match[1])
        if name is Name.TEXT or (name is Name.OTHER and not all_names):
            continue
        if match.start() < end:
            continue
        if name is Name.OTHER and not _SUSPICIOUS.match(text, match.end()):
            continue
        field = _assigned(text, match, name)
        if field is None or _is_harmless(text[field.start : field.end], name):
            continue
        if name in _FINDINGS:
            end = field.end
        yield field


def _is_harmless(value: str, name: Name) -> bool:
    """Tell an empty value, and a host's address from a person's."""
    if value.lower() in _EMPTY:
        return True
    return name is Name.PERSONAL and _ADDRESS_OF_HOST.fullmatch(value) is not None


def _pairs(text: str) -> Iterator[Field]:
    """Yield the values of `("Cookie", "...")` and `name="...", value="..."`."""
    for match in _PAIR.finditer(lowered(text)):
        name = kind_of(match["name"])
        if name not in _FINDINGS or name is Name.GROUP:
            continue
        start = match.end()
        end = _quote_end(text, start, match["opening"])
        if match["tuple"] is not None and text[end + 1 : end + 9].lstrip()[:1] not in {
            ")",
            "]",
        }:
            continue
        if not text.startswith("AWS4-HMAC-SHA256", start):
            yield Field(start, end, name)


def _assigned(text: str, match: re.Match[str], name: Name) -> Field | None:
    """Return the value to the right of a name; None: it is only prose."""
    start, opening = match.end(), match[5]
    if mask := _MASK.match(text, start - len(opening)):
        return Field(*mask.span(), name) if mask[1] else None
    if opening and opening in "{[(":
        if name in _AS_IT_IS:
            return None
        return Field(start - 1, _closed(text, start), name, scalar=_is_quoted(match))
    if name is Name.GROUP:
        return None
    if opening:
        return Field(start, _quote_end(text, start, opening), name)
    return _bare(text, match, name)


def _is_quoted(key: re.Match[str]) -> bool:
    return key[2].startswith(('"', "'"))


def _quote_end(text: str, start: int, opening: str) -> int:
    if (escape := opening.find("\\")) >= 0:
        end = text.find(opening[escape:], start)
        return len(text) if end < 0 else end
    match = _QUOTED[opening[-1]].match(text, start)
    return match.end() if match else start


def _closed(text: str, start: int) -> int:
    """Return the index after the bracket that closes the one before `start`."""
    depth = 1
    for match in _BRACKET.finditer(text, start):
        if match[0] in "{[(":
            depth += 1
        elif match[0] in "}])":
            depth -= 1
            if not depth:
                return match.end()
    return len(text)


def _bare(text: str, match: re.Match[str], name: Name) -> Field | None:
    """Return a value without quotes: a form's, a header's, a word of prose."""
    start, prose = match.end(), match[3] == ":" and bool(match[4])
    # Values that stay must end before the next name, or `a=a=a=` costs a square.
    pattern = _PLAIN_WORD if name in _AS_IT_IS else _WORD
    if name is Name.LINE:
        if scheme := _SCHEME.match(text, start):
            start = scheme.end()
        if text.startswith("AWS4-HMAC-SHA256", start):
            return None
        pattern = _LINE if match[3] == ":" else _WORD
    elif name is Name.CLAIM_CODE:
        pattern = _CODE_WORD
    elif name is Name.PERSONAL:
        pattern = _PHRASE
    found = pattern.match(text, start)
    value = found[0] if found else ""
    quoted = _is_quoted(match)
    if prose and not quoted and not _is_value(value, name, text, match.start()):
        return None
    return Field(start, start + len(value), name, scalar=quoted)


def _is_value(value: str, name: Name, text: str, key_start: int) -> bool:
    """Tell a value from the next word of a sentence (`password: please ...`)."""
    match name:
        case Name.PERSONAL:
            line_start = text.rfind("\n", max(0, key_start - 80), key_start) + 1
            return not text[line_start:key_start].strip(" \t-")
        case Name.SECRET:
            return len(value) >= 16 or not value.rstrip(".!?").isalpha()
        case Name.CLAIM_CODE:
            return not value.rstrip(".").isalpha() or value.isupper()
        case _:
            return True


def _elements(text: str, *, all_names: bool) -> Iterator[Field]:
    """Yield the content of XML elements."""
    missing: set[str] = set()
    end = 0
    for match in _TAG.finditer(text):
        if match.start() < end or match[2].endswith("/"):
            continue
        name = kind_of(match[1])
        if name is Name.OTHER and (attribute := _ATTRIBUTE.search(match[2])):
            name = kind_of(attribute[1])
        if name is Name.TEXT or (name is Name.OTHER and not all_names):
            continue
        field = _content(text, match, name, missing)
        if field is None:
            continue
        if name in _FINDINGS:
            end = field.end
        yield field


def _content(
    text: str, match: re.Match[str], name: Name, missing: set[str]
) -> Field | None:
    """Return what stands in an element; None: nothing, or it may all stay."""
    start = match.end()
    if name in _AS_IT_IS:
        stop = text.find("<", start)
        return Field(start, stop, name) if text.startswith("</", stop) else None
    stop, closed = _element_end(text, start, match[1], missing)
    content = text[start:stop].strip()
    if content.lower() in _EMPTY or (not closed and text[start].isspace()):
        return None
    if name is Name.GROUP and "<" not in content:
        return None
    return Field(start, stop, name)


def _element_end(
    text: str, start: int, tag: str, missing: set[str]
) -> tuple[int, bool]:
    """Return where an element's content ends, and whether its end tag is there."""
    if tag not in missing and len(missing) < _MISSES:
        found = text.find(f"</{tag}", start)
        if found >= 0:
            return found, True
        missing.add(tag)
    found = text.find("<", start)
    return (len(text) if found < 0 else found), False
