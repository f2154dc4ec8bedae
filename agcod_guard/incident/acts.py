"""What people did about an incident, one value per deed; kept in the ladder. Pure.

Times are wall-clock seconds since the Unix epoch.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from agcod_guard.redaction import redact_text

LONGEST_TEXT = 2_000
"""Characters kept of what a person typed."""


BUSINESS_ACTION = "business action"
RECENT_CHANGES = "recent changes"
ITEMS = (BUSINESS_ACTION, RECENT_CHANGES)
"""What only a person can answer, and nothing else records."""


class _Deed(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    incident_id: str
    at_s: float


class Acknowledged(_Deed, frozen=True, kw_only=True):
    """Amazon has answered, or somebody has taken it over: no further tier.

    Attributes:
        by: Who answered.
        note: What was said.
    """

    by: str
    note: str = ""


class SentByHand(_Deed, frozen=True, kw_only=True):
    """A person has sent that tier's mail; the next tier's clock runs from then.

    Attributes:
        tier: 1 to 3.
        message_id: As the mail program shows it; empty if unknown.
    """

    tier: int
    message_id: str = ""


class Approved(_Deed, frozen=True, kw_only=True):
    """A person wants that tier's mail sent.

    Attributes:
        tier: 1 to 3.
        by: Who; empty if unknown.
    """

    tier: int
    by: str = ""


class Answered(_Deed, frozen=True, kw_only=True):
    """A person has filled in what only a person knows; the newest of an item counts.

    Attributes:
        item: One of `ITEMS`.
        text: The answer.
        by: Who; empty if unknown.
    """

    item: str
    text: str
    by: str = ""


Act = Acknowledged | SentByHand | Approved | Answered

_TYPED = ("by", "note", "text", "message_id")


def redacted(act: Act) -> Act:
    """Return the act as it may be kept: what was typed is redacted and cut."""
    typed = {name: getattr(act, name) for name in _TYPED if hasattr(act, name)}
    return replace(
        act, **{name: redact_text(text)[:LONGEST_TEXT] for name, text in typed.items()}
    )
