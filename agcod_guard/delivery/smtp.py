"""Hand a frozen mail to the partner's SMTP server, once.

What can be told apart is: before the last byte of a mail has left, no mail was
made, whatever went wrong. After it, only the server's answer tells. A refused
login or certificate is no fault of the mail's and may be put right meanwhile.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable
from contextlib import closing, suppress

from agcod_guard.delivery.conversation import Conversation, Deadline
from agcod_guard.delivery.gate import Gate
from agcod_guard.delivery.secret_files import secret_in
from agcod_guard.incident.parcel import (
    Accepted,
    Later,
    Parcel,
    Purpose,
    Refused,
    Result,
    Unsure,
)
from agcod_guard.redaction import redact_text
from agcod_guard.settings.mail import Security, SmtpAccount

WITHDRAWN = "withdrawn before it was sent"

_LONGEST_SAID = 200
_CRLF = b"\r\n"
_FAILURES = (OSError, smtplib.SMTPException)


class SmtpCarrier:
    """Carries mails to one server."""

    def __init__(
        self,
        account: SmtpAccount,
        gate: Gate,
        *,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to carry.

        Args:
            account: The server, and who we are there.
            gate: Says what may leave.
            tls: Makes what proves the server's name.
            monotonic_s: Clock for the deadline.
        """
        self._account, self._gate = account, gate
        self._tls, self._monotonic_s = tls, monotonic_s

    @property
    def deadline_s(self) -> float:
        """What one mail takes at most, seconds; a slow name look-up comes on top."""
        return self._account.timeout_s

    def carry(self, parcel: Parcel, before_data: Callable[[], bool]) -> Result:
        """Hand the mail over; the bytes are those of the parcel.

        Raises:
            NotAllowed: The gate is closed to it; no socket was opened.
        """
        self._gate.check_mail(self._account.host or "", parcel)
        try:
            password = self._password()
        except OSError as error:
            return Later(f"the password cannot be read: {error}")
        try:
            with closing(self._connected()) as server:
                return (
                    self._problem_at_login(server, password)
                    or self._problem_with_envelope(server, parcel)
                    or _handed_over(server, parcel, before_data)
                )
        except _FAILURES as error:
            return Later(_told(error))

    def _password(self) -> str | None:
        account = self._account
        if account.username is None:
            return None
        if account.password is not None:
            return account.password.reveal()
        return (
            None if account.password_file is None else secret_in(account.password_file)
        )

    def _connected(self) -> Conversation:
        """Return a conversation in which the server has told what it can do."""
        account = self._account
        tls = None if account.security is Security.NONE else self._tls()
        is_starttls = account.security is Security.STARTTLS
        server = Conversation(
            account.host or "",
            account.port_in_force,
            deadline=Deadline(account.timeout_s, self._monotonic_s),
            own_name=_domain(account.sender or ""),
            tls=None if is_starttls else tls,
        )
        try:
            if is_starttls and tls is not None:
                server.secure(tls)
            server.ehlo_or_helo_if_needed()
        except _FAILURES:
            server.close()
            raise
        return server

    def _problem_at_login(
        self, server: Conversation, password: str | None
    ) -> Result | None:
        if self._account.username is None or password is None:
            return None
        try:
            server.login(self._account.username, password)
        except smtplib.SMTPAuthenticationError as error:
            # Its text is left out: some servers repeat what they were given.
            return Later(f"the server refused the login ({error.smtp_code})")
        except UnicodeEncodeError:
            return Later("the server's logins take no such password or user name")
        return None

    def _problem_with_envelope(
        self, server: Conversation, parcel: Parcel
    ) -> Result | None:
        """Say from whom and to whom; return why it cannot go."""
        options = [f"size={len(parcel.content)}"] if server.has_extn("size") else []
        if not parcel.content.isascii() and server.has_extn("8bitmime"):
            options.append("body=8bitmime")
        code, text = server.mail(self._account.sender or "", options)
        if not _is_yes(code):
            return _judged(code, text, at="the sender")
        refusals = _refusals(server, parcel)
        if parcel.purpose is Purpose.PAGE:
            return refusals.get(parcel.recipients[0])
        if len(refusals) < len(parcel.recipients):
            return None
        puts_off = (each for each in refusals.values() if isinstance(each, Later))
        return next(puts_off, next(iter(refusals.values())))


def _refusals(server: Conversation, parcel: Parcel) -> dict[str, Later | Refused]:
    """Name the recipients to the server; return those it will not have."""
    refusals = {}
    for address in parcel.recipients:
        code, text = server.rcpt(address)
        if not _is_yes(code):
            refusals[address] = _judged(code, text, at=address)
    return refusals


def _handed_over(
    server: Conversation, parcel: Parcel, before_data: Callable[[], bool]
) -> Result:
    """Send the mail itself, if that may still be done."""
    if not before_data():
        return Later(WITHDRAWN)
    code, text = server.docmd("DATA")
    if code != 354:
        return _judged(code, text, at="DATA")
    server.send(_stuffed(parcel.content))
    try:
        code, text = server.getreply()
    except _FAILURES as error:
        return Unsure(_told(error))
    with suppress(*_FAILURES):
        server.putcmd("QUIT")  # whose answer nobody waits for
    if _is_yes(code):
        return Accepted(_said(code, text))
    if code < 400:
        return Unsure(_said(code, text))
    return _judged(code, text, at="the mail")


def _stuffed(content: bytes) -> bytes:
    """Return the mail as it stands on the wire, with the dot that ends it."""
    stuffed = (_CRLF + content).replace(b"\r\n.", b"\r\n..")[2:]
    return stuffed + (b"" if stuffed.endswith(_CRLF) else _CRLF) + b".\r\n"


def _is_yes(code: int) -> bool:
    return 200 <= code < 300


def _judged(code: int, text: bytes, *, at: str) -> Later | Refused:
    """Return what a server's no means: 5xx is for good."""
    reason = f"{at}: {_said(code, text)}"
    return Refused(reason) if 500 <= code < 600 else Later(reason)


def _said(code: int, text: bytes) -> str:
    words = " ".join(text.decode("ascii", "replace").split())
    return redact_text(f"{code} {words}")[:_LONGEST_SAID]


def _told(error: Exception) -> str:
    """Return an error's words; none of them are ours to keep secret."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return _said(
            error.smtp_code, text if isinstance(text, bytes) else text.encode()
        )
    return redact_text(" ".join(str(error).split()))[:_LONGEST_SAID]


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
