"""Take out of any text what must not be kept.

Pure; fails closed. The finders of this package look at every reading of the
text (see `decoding`), and what they find is masked until nothing is found any
more, so redacting twice changes nothing. The time is linear in the text, of
which at most `LIMIT_CHARACTERS` are read: the rest is cut off.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from agcod_guard.errors import swallowed
from agcod_guard.redaction.decoding import LEVELS, decoded_tokens, views
from agcod_guard.redaction.fields import Field, fields
from agcod_guard.redaction.names import Name
from agcod_guard.redaction.shapes import (
    access_keys,
    claim_codes,
    likely_claim_codes,
    likely_secrets,
    marked_secrets,
)
from agcod_guard.redaction.spans import MASKS, Finding, Span, masked, merged
from agcod_guard.redaction.spoken import spoken_codes

LIMIT_CHARACTERS = 65_536
"""How much of a text is read; more is cut off, which the text then says."""

DROPPED = "[dropped: could not be redacted]"
"""What is left of a text that could not be redacted."""

CUT = " [cut: longer than 64 kB]"
"""The end of a text that was cut."""

_ROUNDS = 4
_MASK_CHARACTERS = max(map(len, MASKS.values())) + len('""')
_EDGE_CHARACTERS = 64
_SUSPECT = re.compile(
    r"[^A-Za-z ,.;()'!?-]|[A-Z0-9]{4}|[A-Za-z0-9]{14}|[a-z0-9]{4}-[a-z0-9]{4}"
)
_TELLING = re.compile(
    "account|address|amzn1|atz|auth|barcode|basic|bearer|birth|card|claim|code|cookie"
    "|credential|customer|detail|eyj|gift|jwt|key|mail|mobile|name|pass|phone|pin"
    "|postal|pwd|recipient|redeem|redemption|reference|secret|serial|session|signature"
    "|street|token|voucher|zip|://"
)
"""Words without which nothing is named: most messages have none of them."""
_LONG = re.compile(r"[A-Za-z0-9+/_\-%]{18}|[0-9A-Fa-f]{2}[ :,\-][0-9A-Fa-f]{2}[ :,\-]")
_BARE_CODE = re.compile(r"(?=[0-9]*[A-Z])(?=[A-Z]*[0-9])[A-Z0-9]{14,15}\Z")


def redact_text(text: str) -> str:
    """Return `text` without claim codes, keys, signatures, tokens, passwords.

    Also without the fields of Amazon's that hold a customer's data. Never
    raises: what cannot be redacted is dropped, with `DROPPED` in its place.
    """
    return _settled(text, strict=False)


def redact_fields(text: str) -> str:
    """Return a body as `redact_text` does, but distrusting unknown fields.

    A field that is not on the list of what may be kept loses its whole value
    if any part of it looks like a secret.
    """
    return _settled(text, strict=True)


def secrets_in(text: str) -> tuple[str, ...]:
    """Return what in `text` still looks like a secret, e.g. `claim code at 12-28`.

    The scan of finished files: kinds and places, never the secret itself. A
    contact's own phone and e-mail are no secrets.
    """
    return tuple(
        f"{span.finding} at {span.start}-{span.end}"
        for span in merged(findings(text))
        if span.finding is not Finding.PERSONAL and not _is_mask(text, span)
    )


def _settled(text: str, *, strict: bool) -> str:
    """Return `text` masked until another round would change nothing."""
    try:
        if not _SUSPECT.search(text) and len(text) <= LIMIT_CHARACTERS:
            return text
        for _ in range(_ROUNDS):
            cut = _cut(text)
            result = masked(cut, findings(cut, strict=strict))
            if result == text:
                return result
            text = result
    except Exception as error:
        swallowed("redaction", error)
    return DROPPED


def _cut(text: str) -> str:
    """Return the start of `text`, without the token the cut runs through.

    Masks may be longer than what they replaced, so they are not counted.
    """
    limit = LIMIT_CHARACTERS
    if len(text) <= limit:
        return text
    masks = text.count("removed]") * _MASK_CHARACTERS
    limit += min(masks, LIMIT_CHARACTERS)
    if len(text) <= limit:
        return text
    kept = text[: limit - len(CUT)]
    edge = kept[-_EDGE_CHARACTERS:]
    return kept[: len(kept) - len(edge)] + edge.rpartition(" ")[0] + CUT


def findings(text: str, *, strict: bool = False, level: int = 0) -> list[Span]:
    """Return what must not be kept of `text`, in any of its readings."""
    if not _SUSPECT.search(text):
        return []
    found: list[Span] = []
    for view in views(text):
        spans = _in_view(view.text, strict=strict, level=level)
        found += spans if view.starts is None else map(view.original, spans)
    return found


def _in_view(text: str, *, strict: bool, level: int) -> Iterator[Span]:
    named: list[Field] | None = None
    found = list(claim_codes(text))
    likely = list(likely_claim_codes(text))
    if strict or _TELLING.search(text.lower().replace("_", "").replace("-", "")):
        named = sorted(fields(text, all_names=strict), key=_start)
        found += [span for field in named if (span := field.span())]
        found += marked_secrets(text)
        found += spoken_codes(text)
    if _LONG.search(text):
        found += access_keys(text)
        found += _encoded(text, level)
        likely += likely_secrets(text)
    if likely:
        named = sorted(fields(text), key=_start) if named is None else named
        kept = [field for field in named if field.name is Name.KEPT]
        found += [span for span in likely if not _is_inside(span, kept)]
    yield from found
    if strict and named:
        unknown = [field for field in named if field.name is Name.OTHER]
        yield from _distrusted(text, unknown, merged(found))


def _encoded(text: str, level: int) -> Iterator[Span]:
    """Yield base64 and hex that hide something, a few levels deep."""
    if level >= LEVELS:
        return
    for start, end, said in decoded_tokens(text):
        inner = merged(findings(said[:LIMIT_CHARACTERS], level=level + 1))
        if inner:
            yield Span(start, end, inner[0].finding)


def _start(found: Field | Span) -> int:
    return found.start


def _is_inside(span: Span, kept: list[Field]) -> bool:
    """Tell whether `span` touches one of the sorted fields `kept`."""
    index = bisect_left(kept, span.end, key=_start)
    return index > 0 and kept[index - 1].end > span.start


def _distrusted(text: str, unknown: list[Field], found: list[Span]) -> Iterator[Span]:
    """Yield the whole of each unknown field in which something was found."""
    for field in unknown:
        value = text[field.start : field.end]
        index = bisect_left(found, field.end, key=_start)
        touched = index > 0 and found[index - 1].end > field.start
        if touched or _BARE_CODE.match(value):
            yield Span(field.start, field.end, Finding.SECRET, field.scalar)


def _is_mask(text: str, span: Span) -> bool:
    return text[span.start : span.end].strip("\"' ") in MASKS.values()
