"""Find claim codes that only the words beside them give away.

Pure and linear. A bare run of 14 or 15 letters and digits may be a gcId or a
request id; after "claim code:" or in the table cell next to it, it is cash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agcod_guard.redaction.spans import Finding, Span, lowered

_CODE_NAME = (
    r"(?:claim|gift(?:[-_ ]{0,2}card)?|gc|card|redemption|redeem|voucher|gutschein)"
    r"[-_ ]{0,2}(?:code|pin)"
)
_CELL = r"</?(?:td|th|dd|dt|b|i|p|em|br|li|div|code|span|label|strong|value|string)"
_SPOKEN = re.compile(
    rf"{_CODE_NAME}s?[\w\-]{{0,16}}"
    rf"(?P<glue>(?:{_CELL}\b[^<>]{{0,80}}>|<!--|</[\w:.\-]{{1,40}}>|<!\[cdata\["
    r"|\b(?:is|was|are|equals|value|values|text|string|number|no|the|your|named?|key"
    r"|in|s|b|u|some|just|optional)\b"
    r"|\b\d{1,3}\b|[^a-z0-9<,]|,(?=\s?[\"'])){1,24}+)"
    r"(?P<value>[a-z0-9]{14,15}(?![a-z0-9])"
    r"|[a-z0-9]{4}[^a-z0-9]{1,3}[a-z0-9]{4,6}[^a-z0-9]{1,3}[a-z0-9]{4,5}(?![a-z0-9]))",
    re.A,
)
_SPOKEN_AFTER = re.compile(
    r"(?P<value>[a-z0-9](?<![a-z0-9].)[a-z0-9]{13,14})"
    r"(?:\s{1,4}(?:is|was|as)\s{1,4}(?:(?:the|your|a|an|amazon)\s{1,4}){0,3}"
    r"|\s{0,4}\(\s{0,4}(?:the\s|your\s)?"
    r"|[\"']\s{1,4}(?:name|key|id|field)\s?=\s?[\"']\w{0,16}?)"
    rf"{_CODE_NAME}",
    re.A,
)


def spoken_codes(text: str) -> Iterator[Span]:
    """Yield codes that only the words "claim code" beside them give away."""
    plain = lowered(text)
    for match in _SPOKEN.finditer(plain):
        start, end = match.span("value")
        name = text[match.start() : match.start("glue")]
        if _is_spoken_code(text[start:end], name, match["glue"]):
            yield Span(start, end, Finding.CLAIM_CODE)
    for match in _SPOKEN_AFTER.finditer(plain):
        start, end = match.span("value")
        if text[start:end].isupper() or text[start:end].islower():
            yield Span(start, end, Finding.CLAIM_CODE)


def _is_spoken_code(value: str, name: str, glue: str) -> bool:
    """Tell a code from a request id in mixed case, and from ordinary words."""
    if not (value.isupper() or value.islower() or value.isdigit()):
        return not value.isalnum() and not value.replace(" ", "").isalpha()
    if any(char.isdigit() for char in value) or "-" in value:
        return True
    if value.isalpha() and not {":", "="}.isdisjoint(glue):
        return True
    return value.isupper() and not name.isupper()
