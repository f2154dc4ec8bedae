"""Make a mail that arrives whatever its facts are. Pure.

Values from the wire may hold line breaks, encoded words, half a surrogate pair
or 300 characters. Headers are made visible ASCII before the `email` package sees
them, because its versions differ in what they let through; the text is escaped
as in a packet. The same facts give the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from agcod_guard.errors import GuardError
from agcod_guard.incident.layout import harmless_lines, identifier
from agcod_guard.protocol.contacts import Contacts
from agcod_guard.protocol.failures import Door

LONGEST_SUBJECT = 300
"""Characters of a subject; more is cut off."""

NOWHERE = "agcod-guard.invalid"
"""Domain of a Message-ID where no sender is known."""

_LONGEST_LINE = 76
_LONGEST_HEADER = 998
_LONGEST_MAILTO = 1_900
_SHORTENED = "[shortened: paste the rest of the mail's text here]"

_LABEL = r"[A-Za-z0-9-]{1,63}"
_ADDRESS = re.compile(
    # Whatever the settings take for one, but no encoded word.
    r"(?!.*=\?.*\?=)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}\Z)"
    rf"{_LABEL}(?:\.{_LABEL})*"
)
_MESSAGE_ID = re.compile(r"<?([!-;=?A-~]{1,400}@[!-;=?A-~]{1,400})>?")
_PAGER = re.compile(
    r"amazon-agcod-partner-urgent|urgent-t[0-9]+@amazon\.invalid\Z", re.IGNORECASE
)
_UNRESERVED = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@"
)


class NotAnAddress(GuardError):
    """A mail cannot go to, or come from, this.

    Attributes:
        address: What was given.
    """

    def __init__(self, address: object) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return f"{self.address!r} is no e-mail address; write it as name@example.com"


class NeverToThePager(GuardError):
    """A mail that is no page was addressed to Amazon's pager.

    Attributes:
        address: The pager's.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return (
            f"{self.address} wakes people at Amazon: only the page of an outage goes "
            "there; address this mail to somebody else"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail, addressed and dated.

    Attributes:
        to: Addresses; empty for a draft whose reader a person fills in.
        subject: Any text; shown as visible ASCII.
        text: Any text.
        message_id: As `message_id` gives it.
        dated_s: Its date, wall-clock seconds since the Unix epoch.
        sender: Who sends it; None to leave that to the mail program.
        reply_to: Where the answer goes; None for the sender.
        cc: Copies.
        thread: Message-IDs of the earlier mails it belongs to, oldest first.
        attachments: UTF-8 texts by file name.
        contacts: Addresses in force, to know the pager by.
        name: What its draft is called as a file, without `.eml`; empty for one
            that belongs to an incident.
        is_page: It may go to the pager; `page.py` alone says so.

    Raises:
        NotAnAddress: One of the addresses is none.
        NeverToThePager: It is no page and would go to the pager.
    """

    to: tuple[str, ...]
    subject: str
    text: str
    message_id: str
    dated_s: float
    contacts: Contacts
    is_page: bool = False
    sender: str | None = None
    reply_to: str | None = None
    cc: tuple[str, ...] = ()
    thread: tuple[str, ...] = ()
    attachments: Mapping[str, bytes] = field(
        default_factory=lambda: MappingProxyType({})
    )
    name: str = ""

    def __post_init__(self) -> None:
        senders = filter(None, (self.sender, self.reply_to))
        for address in (*self.recipients, *senders):
            if not is_address(address):
                raise NotAnAddress(address)
        if not self.is_page:
            for address in self.recipients:
                if is_pager(address, self.contacts):
                    raise NeverToThePager(address)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody it goes to, copies included."""
        return (*self.to, *self.cc)

    def content(self) -> bytes:
        """Return the mail as it goes out: CRLF, 7-bit."""
        return _bytes_of(self, unsent=False)

    def draft(self) -> bytes:
        """Return the mail as an .eml file that mail programs open for editing."""
        return _bytes_of(self, unsent=True)

    def mailto(self) -> str:
        """Return a link that opens a mail program; a long text is shortened."""
        head = f"mailto:{','.join(map(_percent, self.to))}?"
        if self.cc:
            head += f"cc={','.join(map(_percent, self.cc))}&"
        head += f"subject={_percent(header_text(self.subject))}&body="
        room = _LONGEST_MAILTO - len(head)
        note = self._attach_note()
        body = _percent(_crlf(f"{self._plain_text()}{note}"))
        if len(body) <= room:
            return head + body
        end = _percent(_crlf(f"\n{_SHORTENED}\n{note}"))
        return head + _first_lines(self._plain_text(), room - len(end)) + end

    def pasted(self) -> str:
        """Return the mail as text, to be copied into any mail program."""
        lines = [f"To: {', '.join(self.to) or '(fill in)'}"]
        if self.cc:
            lines.append(f"Cc: {', '.join(self.cc)}")
        lines += [f"Subject: {header_text(self.subject)}", "", self._plain_text()]
        return "\n".join(lines) + self._attach_note()

    def _plain_text(self) -> str:
        return f"{harmless(self.text).rstrip()}\n"

    def _attach_note(self) -> str:
        names = " and ".join(self.attachments)
        return f"\nAttach: {names}\n" if names else ""


def is_address(text: str) -> bool:
    """Whether a mail can go to `text`: one plain address and nothing else."""
    return _ADDRESS.fullmatch(text) is not None


def is_pager(address: str, contacts: Contacts) -> bool:
    """Whether mail to `address` wakes people at Amazon."""
    tiers = (row.address for row in contacts.rows if row.door is Door.URGENT)
    known = {tier.casefold() for tier in tiers}
    return bool(_PAGER.match(address)) or address.casefold() in known


def message_id(name: str, sender: str | None) -> str:
    """Return the Message-ID of the mail with that name: always the same.

    Args:
        name: What tells the mail from all others, e.g. an incident's id and tier.
        sender: Address whose domain it bears; None if nobody is known.
    """
    local = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")
    if local != name or not 0 < len(local) <= 80:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        local = f"{local[:60].strip('-')}-{digest[:12]}".strip("-")
    domain = (sender or "").rpartition("@")[2].strip(".") or NOWHERE
    return f"<{local}@{domain}>"


def known_message_id(text: str) -> str | None:
    """Return a Message-ID that a person has copied, in angle brackets.

    None if it is none.
    """
    found = _MESSAGE_ID.fullmatch(text.strip())
    return None if found is None or "=?" in text else f"<{found[1]}>"


def header_text(value: str, most: int = LONGEST_SUBJECT) -> str:
    """Return `value` as one line of visible ASCII, at most `most` characters.

    Done twice it changes nothing more.
    """
    shown = " ".join(identifier(word) for word in value.split())
    shown = shown.replace("\\\\", "\\")
    shown = shown.replace("=?", "=\\x3f")  # no encoded word
    if len(shown) <= most:
        return shown
    return f"{shown[: most - 3].rstrip()}..."


def harmless(text: str) -> str:
    """Return `text` with everything that does not print written as an escape."""
    return "\n".join(harmless_lines(text))


def _bytes_of(mail: Mail, *, unsent: bool) -> bytes:
    from email.message import EmailMessage
    from email.policy import SMTP

    message = EmailMessage(policy=SMTP.clone(max_line_length=_LONGEST_LINE))
    for name, value in _headers(mail, unsent=unsent):
        message[name] = value
    text = _shown(mail.text)
    message.set_content(text, cte=_encoding(text))
    for name, content in mail.attachments.items():
        text = _shown(content.decode("utf-8", "replace"))
        message.add_attachment(text, cte=_encoding(text), filename=name)
    if mail.attachments:
        message.set_boundary(_boundary(mail))
    # Ids of mails must not be broken, so headers stay on one line each.
    return message.as_bytes(policy=SMTP.clone(max_line_length=_LONGEST_HEADER))


def _headers(mail: Mail, *, unsent: bool) -> Iterable[tuple[str, str]]:
    """Yield the headers that there are; all of them visible ASCII."""
    from email.utils import format_datetime

    headers = {
        "Message-ID": mail.message_id,
        "Date": format_datetime(datetime.fromtimestamp(mail.dated_s, UTC)),
        "From": mail.sender or mail.reply_to or "",
        "To": ", ".join(mail.to),
        "Cc": ", ".join(mail.cc),
        "Reply-To": mail.reply_to or "",
        "Subject": header_text(mail.subject),
        "In-Reply-To": "".join(mail.thread[:1]),
        "References": " ".join(mail.thread),
        "X-Unsent": "1" if unsent else "",
    }
    return ((name, value) for name, value in headers.items() if value)


def _shown(text: str) -> str:
    return harmless(text).removesuffix("\n")


def _encoding(text: str) -> str:
    """Return `7bit` for what every mail server leaves as it is."""
    is_safe = text.isascii() and all(
        len(line) <= _LONGEST_LINE + 2 and line == line.rstrip()
        for line in text.split("\n")
    )
    return "7bit" if is_safe else "quoted-printable"


def _boundary(mail: Mail) -> str:
    # "=_" stands in no quoted-printable text; a packet does not know the digest.
    return f"=_{hashlib.sha256(mail.message_id.encode()).hexdigest()[:32]}"


def _percent(text: str) -> str:
    return "".join(
        chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"
        for byte in text.encode("utf-8", "replace")
    )


def _crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def _first_lines(text: str, room: int) -> str:
    """Return as many lines of `text` as fit, percent-encoded."""
    taken = ""
    for line in text.split("\n"):
        encoded = _percent(f"{line}\r\n")
        if len(taken) + len(encoded) > room:
            break
        taken += encoded
    return taken
