"""Make a raw HTTP exchange fit to be kept and to be mailed.

Pure; never raises. What Amazon asks for as "raw request with headers" stays
readable: request line, header names, SignedHeaders, ids, amounts. The access
key is cut to four characters, the signature goes: CreateGiftCard is
idempotent, so whoever sends the signed request again gets the claim code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from agcod_guard.errors import swallowed
from agcod_guard.redaction.decoding import inflated
from agcod_guard.redaction.names import Name, kind_of
from agcod_guard.redaction.text import (
    DROPPED,
    LIMIT_CHARACTERS,
    redact_fields,
    redact_text,
)

T = TypeVar("T")
HeaderValue = str | bytes
Headers = Mapping[str, HeaderValue] | Iterable[tuple[str, HeaderValue]]
"""Headers of any HTTP library."""

REMOVED = "[removed]"
_VALUE_CHARACTERS = 512
_BLANK = re.compile(r"[\x00-\x20\x7f]+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SCHEMES = frozenset({"aws", "basic", "bearer", "digest", "negotiate", "ntlm"})
_SIGV4 = re.compile(r"(AWS4-HMAC-SHA256)\s+(.*)", re.S)
_SIGV4_SHOWN = 4
_BOMS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe\x00\x00": "utf-32-le",
    b"\x00\x00\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}


def redact_headers(headers: Headers) -> list[tuple[str, str]]:
    """Return `headers` as (name, value) with nothing secret in the values.

    Secret headers keep their name only. A value is at most 512 characters long
    and stands on one line.
    """
    return _closed(lambda: _headers(headers), [])


def redact_request(
    method: str, url: str, headers: Headers, body: bytes | str | None
) -> str:
    """Return the raw request as text: request line, headers, blank line, body.

    The URL is given in full, as the host is part of the evidence.
    """
    line = f"{method} {url} HTTP/1.1"
    return _closed(lambda: _message(line, headers, body), DROPPED)


def redact_answer(
    status: int | None, reason: str, headers: Headers, body: bytes | str | None
) -> str:
    """Return the raw answer as text: status line, headers, blank line, body.

    Args:
        status: HTTP status code; None when no answer arrived.
        reason: The server's words beside the status, or why none arrived.
        headers: The answer's headers.
        body: What arrived of the body; None when it was not seen.
    """
    line = f"(no answer) {reason}" if status is None else f"HTTP/1.1 {status} {reason}"
    return _closed(lambda: _message(line.rstrip(), headers, body), DROPPED)


def _closed(redact: Callable[[], T], otherwise: T) -> T:
    try:
        return redact()
    except Exception as error:
        swallowed("redaction", error)
        return otherwise


def _message(line: str, headers: Headers, body: bytes | str | None) -> str:
    lines = [redact_text(_one_line(line))]
    lines += [f"{name}: {value}" for name, value in redact_headers(headers)]
    return "\n".join((*lines, "", _body(body)))


def _headers(headers: Headers) -> list[tuple[str, str]]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [_header(_one_line(name), _one_line(value)) for name, value in pairs]


def _header(name: str, value: str) -> tuple[str, str]:
    if name.lower() == "authorization":
        shown = _authorization(value)
    elif kind_of(name) in {Name.SECRET, Name.LINE, Name.CLAIM_CODE, Name.PERSONAL}:
        shown = REMOVED
    else:
        shown = redact_text(value[:_VALUE_CHARACTERS])
    return redact_text(name[:_VALUE_CHARACTERS]), shown


def _authorization(value: str) -> str:
    """Return an Authorization header: SigV4 keeps scope and SignedHeaders."""
    signed = _SIGV4.match(value)
    if signed is None:
        scheme = value.partition(" ")[0]
        return f"{scheme} {REMOVED}" if scheme.lower() in _SCHEMES else REMOVED
    shown = []
    for part in signed[2].split(","):
        name, _, content = part.strip().partition("=")
        if name == "Credential":
            shown.append(f"Credential={_credential(content)}")
        elif name == "SignedHeaders":
            shown.append(f"SignedHeaders={redact_text(content[:_VALUE_CHARACTERS])}")
        elif name == "Signature":
            shown.append(f"Signature={REMOVED}")
    return f"{signed[1]} {', '.join(shown)}"


def _credential(content: str) -> str:
    key_id, slash, scope = content.partition("/")
    shown = key_id[:_SIGV4_SHOWN] if len(key_id) > _SIGV4_SHOWN else ""
    return shown + REMOVED + slash + redact_text(scope[:_VALUE_CHARACTERS])


def _one_line(value: HeaderValue) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return _BLANK.sub(" ", text).strip()


def _body(body: bytes | str | None) -> str:
    if body is None:
        return "[body not seen]"
    text = body if isinstance(body, str) else _decoded(body)
    return redact_fields(text)


def _decoded(body: bytes) -> str:
    """Return the text of `body`, or how long it is when it holds none."""
    if body[:2] == b"\x1f\x8b":
        plain = inflated(body, limit_bytes=LIMIT_CHARACTERS)
        if plain is None or plain[:2] == b"\x1f\x8b":
            return f"[{len(body)} bytes of gzip that cannot be read]"
        body = plain
    text = _text(body)
    if len(_CONTROL.findall(text)) * 10 > len(text):
        return f"[{len(body)} bytes that are no text]"
    return text


def _text(body: bytes) -> str:
    for mark, encoding in _BOMS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    for encoding, zeros in (("utf-16-le", body[1:8:2]), ("utf-16-be", body[0:8:2])):
        if zeros and not zeros.strip(b"\0"):
            return body.decode(encoding, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")
