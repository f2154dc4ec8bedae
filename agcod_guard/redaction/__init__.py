"""Decide what of an exchange with Amazon may be kept.

Pure. Gift card claim codes are cash and a signed request can be replayed, so
nothing is written, logged or mailed that has not been through here.
"""

from agcod_guard.redaction.exchange import (
    redact_answer,
    redact_headers,
    redact_request,
)
from agcod_guard.redaction.text import redact_text, secrets_in

__all__ = [
    "redact_answer",
    "redact_headers",
    "redact_request",
    "redact_text",
    "secrets_in",
]
