"""One SMTP conversation with an end in time, whatever the server does.

smtplib waits anew for each byte. Here every wait, the handshake of TLS included,
is for what is left until one deadline, and what a server may say is bounded.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable

MOST_HEARD_BYTES = 200_000


class Deadline:
    """A moment after which nothing is waited for."""

    def __init__(
        self, timeout_s: float, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic_s = monotonic_s
        self._ends_at_s = monotonic_s() + timeout_s

    def left_s(self) -> float:
        """Return the seconds until then.

        Raises:
            TimeoutError: It has passed.
        """
        left_s = self._ends_at_s - self._monotonic_s()
        if left_s <= 0:
            raise TimeoutError("no end in the time allowed")
        return left_s


class Conversation(smtplib.SMTP):
    """An SMTP client whose waits all end at one deadline.

    Any of its methods raises OSError or SMTPException when that moment comes.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        deadline: Deadline,
        own_name: str,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Connect and hear the greeting.

        Args:
            host: The server.
            port: Its port.
            deadline: When to give up.
            own_name: What we call ourselves.
            tls: For a server that speaks TLS from the first byte.

        Raises:
            OSError, SMTPException: It cannot be reached, or will not talk.
        """
        self._name, self._deadline, self._tls = host, deadline, tls
        super().__init__(host, port, local_hostname=own_name)

    def secure(self, tls: ssl.SSLContext) -> None:
        """Go on under TLS.

        Raises:
            OSError, SMTPException: The server will not, or cannot prove its name.
        """
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("the server offers no STARTTLS")
        code, text = self.docmd("STARTTLS")
        if code != 220 or self.sock is None:
            raise smtplib.SMTPResponseException(code, text)
        self.sock = self._secured(self.sock, tls)
        # What was heard before TLS may be anybody's: forget all of it.
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        """Send within what is left of the time."""
        if self.sock is not None:
            self.sock.settimeout(self._deadline.left_s())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply, if it comes in time."""
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock, self._deadline)
        return super().getreply()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = _connected(host, port, self._deadline)
        return sock if self._tls is None else self._secured(sock, self._tls)

    def _secured(self, sock: socket.socket, tls: ssl.SSLContext) -> ssl.SSLSocket:
        try:
            sock.settimeout(self._deadline.left_s())
            return tls.wrap_socket(sock, server_hostname=self._name)
        except Exception:
            sock.close()
            raise


class _Lines:
    """Reads lines from a socket until the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline
        self._buffer = b""
        self._heard_bytes = 0

    def readline(self, limit: int) -> bytes:
        """Return a line with its end, or `limit` bytes; less where it is cut off."""
        while b"\n" not in self._buffer and len(self._buffer) < limit:
            self._sock.settimeout(self._deadline.left_s())
            chunk = self._sock.recv(4096)
            if not chunk:
                break
            self._heard_bytes += len(chunk)
            if self._heard_bytes > MOST_HEARD_BYTES:
                raise ConnectionAbortedError("the server says too much")
            self._buffer += chunk
        end = min(self._buffer.find(b"\n") + 1 or len(self._buffer), limit)
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        return line

    def close(self) -> None:
        """Leave the socket to the conversation."""


def _connected(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a connection to the first address of the host that answers."""
    failed: OSError = ConnectionError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(deadline.left_s())
            sock.connect(address)
        except OSError as error:
            sock.close()
            failed = error
        else:
            return sock
    raise failed
