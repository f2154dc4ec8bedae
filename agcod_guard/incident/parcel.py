"""What leaves the house: a frozen mail or notice, and how far it has come.

Pure. A parcel never changes once it stands in the outbox: whatever goes out, goes
out with these bytes. Who may carry it, and how often, `handover.py` decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

SMTP = "smtp"
WEBHOOK_PREFIX = "webhook:"


class Purpose(StrEnum):
    """For whom a parcel is."""

    PAGE = "page"
    """Amazon's pager. Made from a `Page`, and from nothing else."""
    NOTICE = "notice"
    """The partner's own people; never an address of Amazon's."""


class Parcel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One mail, or one body for a webhook, as it goes out.

    Attributes:
        key: Names it for ever, e.g. `20261122T111505Z-eu-ab12/t1`.
        incident_id: The incident it speaks of.
        channel: `smtp`, or `webhook:` and the webhook's name.
        content: A mail with CRLF line ends, or a JSON body; no secret in it.
        intended_at_s: When it was decided, wall clock, seconds since the epoch.
        purpose: For whom it is.
        rehearsal: It speaks of a drill, a sandbox or a stand-in, and never leaves
            this machine.
        tier: 1 to 3 of a page; None where it speaks of none.
        recipients: Envelope addresses of a mail. A page is for the first, the
            others get a copy; a notice is for any of them. Empty for a webhook.
        message_id: Message-ID of a mail, as in its header; empty for a webhook.

    Raises:
        ValueError: It is a mail to nobody.
    """

    key: str
    incident_id: str
    channel: str
    content: bytes
    intended_at_s: float
    purpose: Purpose = Purpose.NOTICE
    rehearsal: bool = False
    tier: int | None = None
    recipients: tuple[str, ...] = ()
    message_id: str = ""

    def __post_init__(self) -> None:
        if self.is_mail and not self.recipients:
            raise ValueError(f"{self.key} is a mail to nobody: name its recipients")

    @property
    def is_mail(self) -> bool:
        """Whether it is a mail; else it is a webhook's body."""
        return self.channel == SMTP


class State(StrEnum):
    """How far a parcel has come."""

    INTENT = "intent"
    """It waits to be carried; no copy has left."""
    CLAIMED = "claimed"
    """A postman has it under a lease; this try has sent nothing yet."""
    SENDING = "sending"
    """A postman may be handing it over at this moment."""
    UNSURE = "unsure"
    """One copy may have left; the same bytes are sent once more."""
    SENT = "sent"
    """The server has accepted it."""
    REFUSED = "refused"
    """The server will not have it, and no copy has left. A person must look."""
    CANCELLED = "cancelled"
    """Its reason is gone; it is sent no more."""
    ALARM = "alarm"
    """It may have left and is sent no more. A person must look."""


FINAL = frozenset({State.SENT, State.REFUSED, State.CANCELLED, State.ALARM})
"""States that no postman changes."""


class Progress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a parcel has come, and who has it.

    Times are wall-clock seconds since the Unix epoch.

    Attributes:
        state: How far.
        changed_at_s: Since when; of a SENT one, when it was accepted.
        note: The server's reply, or why it is in this state; one line.
        fence: How often it was claimed; a postman with an older number has
            lost it.
        owner: Who claimed it last.
        lease_until_s: Until when the claim holds.
        sendings: Copies that have left or may have left.
        next_try_at_s: Not to be carried before.
    """

    state: State
    changed_at_s: float
    note: str = ""
    fence: int = 0
    owner: str = ""
    lease_until_s: float = 0.0
    sendings: int = 0
    next_try_at_s: float = 0.0

    @property
    def may_have_left(self) -> bool:
        """Whether somebody may have a copy."""
        return self.sendings > 0 or self.state is State.SENT


@dataclass(frozen=True, slots=True)
class Entry:
    """A parcel in the outbox."""

    parcel: Parcel
    progress: Progress

    @property
    def key(self) -> str:
        """The parcel's name."""
        return self.parcel.key

    @property
    def state(self) -> State:
        """How far it has come."""
        return self.progress.state


@dataclass(frozen=True, slots=True)
class Claim:
    """A postman's hold on one parcel.

    Attributes:
        parcel: What it carries.
        fence: Its number; worth nothing once a later one exists.
    """

    parcel: Parcel
    fence: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server has taken it over; `reply` is what it said."""

    reply: str


@dataclass(frozen=True, slots=True)
class Later:
    """No copy has left, and another try may work.

    Attributes:
        reason: Why not now.
        after_s: How long the server asks us to wait; None if it does not say.
    """

    reason: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """No copy has left, and another try would be refused as well."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """A copy may have left: the answer to its last byte never came."""

    reason: str


Result = Accepted | Later | Refused | Unsure
"""What came of carrying a parcel."""
