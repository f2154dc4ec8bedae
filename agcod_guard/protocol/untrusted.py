"""Let text from outside into a Call: known-good shapes as they are, else redacted.

Pure, never raises. A claim code may stand anywhere, so what does not have the
shape of its field goes through `redact_text`; a field whose redaction fails is
dropped.
"""

from __future__ import annotations

import re
from dataclasses import replace

from agcod_guard.call import Call
from agcod_guard.errors import swallowed
from agcod_guard.protocol.addresses import origin_of, proxy_address
from agcod_guard.redaction import redact_text

LONGEST_MESSAGE = 300
LONGEST_NAME = 64

_LONGEST_REDACTED = 4_096
_LONGEST_SECRET = 64
_HUGE = 10**40

# What base64 and hex make of 14 ASCII characters, the length of a short claim code.
_ENCODED = (
    r"(?:[I-Za-f][A-Za-z0-9]{3}){4}[A-Za-z0-9]{2}"
    r"|(?:00)?(?:[2-7][0-9A-Fa-f](?:00)?){14}"
)
_GROUP = rf"(?!{_ENCODED})[A-Za-z0-9]{{1,64}}+"
# A claim code has three groups, an access key starts with AKIA or ASIA.
_PLAIN_NAME = re.compile(
    rf"(?!A[KS]IA){_GROUP}(?:[-_]{_GROUP})?"
    # A UUID, with or without a prefix.
    r"|(?:[A-Za-z0-9]{1,16}[-_])?"
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)


def text_of(value: object) -> str | None:
    """Return a text or a whole number as text; None if blank or anything else."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _HUGE:
        return str(int(value))
    return None


def name_of(value: object) -> str | None:
    """Return an id or a name of at most 64 characters; None if there is none.

    Two groups of letters and digits pass as they are unless they look encoded, and
    so does a UUID with or without a prefix; `redact_text` judges the rest.
    """
    if value is None:
        return None
    text = value if type(value) is str else text_of(value) or ""
    if len(text) <= LONGEST_NAME and _PLAIN_NAME.fullmatch(text):
        return text
    return redacted(text, LONGEST_NAME) if text and not text.isspace() else None


def safe_call(call: Call) -> Call:
    """Return a call that somebody else has classified, with every text let in."""
    return replace(
        call,
        operation=name_of(call.operation) or "Unknown",
        request_id=name_of(call.request_id),
        error_code=name_of(call.error_code),
        error_type=name_of(call.error_type),
        message=call.message and redacted(call.message),
        amzn_request_id=name_of(call.amzn_request_id),
        currency=name_of(call.currency),
        card_serial=(name_of(call.card_serial) or "")[:16] or None,
        exception=name_of(call.exception),
        origin=origin_of(call.origin),
        via=safe_address(call.via and proxy_address(call.via)),
    )


def safe_address(address: str | None) -> str | None:
    """Return the address of a proxy; None if it looks like anything but one."""
    return address if not address or name_of(address) == address else None


def redacted(text: str, longest: int = LONGEST_MESSAGE) -> str | None:
    """Return `text` redacted and cut to `longest`; None if nothing is left."""
    try:
        # Lone surrogates could not be written to the journal.
        clean = text[:_LONGEST_REDACTED].encode("utf-8", "replace").decode("utf-8")
        safe = redact_text(clean)
    except Exception as error:
        swallowed("redaction", error)
        return None
    if len(text) > _LONGEST_REDACTED:
        # Half a secret at the cut would not look like one.
        safe = safe[:-_LONGEST_SECRET]
    return safe[:longest] or None
