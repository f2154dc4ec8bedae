"""How mails and notices leave the house, as values that check themselves. Pure.

Secrets are named by a file, or come from the environment; they are read when
they are used and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agcod_guard.errors import SettingsError
from agcod_guard.protocol.domains import is_amazons, is_loopback
from agcod_guard.settings.given import MASK
from agcod_guard.settings.kinds import (
    EMAIL,
    HOST,
    Kind,
    Scalar,
    Table,
    matching,
    one_of,
    seconds,
    text,
)
from agcod_guard.settings.values import ARGUMENT, check_fields

PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"
MOST_ADDRESSES = 20

_LONGEST_URL = 2048
_LONGEST_SECRET = 1024


class Security(StrEnum):
    """How the way to the SMTP server is kept secret."""

    STARTTLS = "starttls"
    """TLS is begun in the conversation, or there is none."""
    TLS = "tls"
    """TLS from the first byte."""
    NONE = "none"
    """In the clear; only to a server on this machine."""


class WebhookKind(StrEnum):
    """Whose words a webhook understands."""

    PAGERDUTY = "pagerduty"
    SLACK = "slack"
    JSON = "json"


class Secret:
    """A text that shows itself to nobody who does not ask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return MASK


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_SECRET:
        raise ValueError
    return Secret(value)


def _absolute_file(value: Any) -> Path:
    if not isinstance(value, str | Path) or "\0" in str(value):
        raise TypeError
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ValueError
    return path


def _port(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if not 0 < value < 65_536:
        raise ValueError
    return value


def _addresses(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_ADDRESSES:
        raise TypeError
    found = tuple(str(EMAIL.convert(address)) for address in value)
    if any(is_amazons(address.rpartition("@")[2]) for address in found):
        raise ValueError
    return tuple(dict.fromkeys(found))


def _webhook_url(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_URL:
        raise TypeError
    if not re.fullmatch(r"[!-~]+", value):
        raise ValueError
    parts = urlsplit(value)
    host = parts.hostname or ""
    if not host or parts.username is not None or parts.port == 0 or is_amazons(host):
        raise ValueError
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError
    return value


def _listed(written: str) -> list[str]:
    return [name for part in written.split(",") if (name := part.strip())]


SECRET = Scalar(f"a text of at most {_LONGEST_SECRET} characters", _secret)
SECRET_FILE = Scalar(
    "the path of a file, from / or from ~, that holds the secret and nothing else",
    _absolute_file,
)
PORT = Scalar(
    "a port, 1 to 65535",
    _port,
    lambda written: int(written) if written.isdecimal() else written,
)
OWN_ADDRESSES = Scalar(
    f"a list of at most {MOST_ADDRESSES} e-mail addresses of your own people, none of "
    "them Amazon's",
    _addresses,
    _listed,
)
WEBHOOK_URL = Scalar(
    "an https URL without user name, of a host outside Amazon; http only on this "
    "machine",
    _webhook_url,
)
WEBHOOK_NAME = matching(
    r"[A-Za-z0-9_-]{1,32}", "a name of a-z, 0-9, - and _, at most 32 characters"
)

SMTP: Mapping[str, Scalar] = {
    "host": HOST,
    "port": PORT,
    "security": one_of(Security),
    "username": text(320, "a user name: printable, at most 320 characters"),
    "password": SECRET,
    "password_file": SECRET_FILE,
    "sender": EMAIL,
    "timeout_s": seconds(at_most=300),
}
OWN: Mapping[str, Kind] = {"addresses": OWN_ADDRESSES}
WEBHOOK: Mapping[str, Scalar] = {
    "kind": one_of(WebhookKind),
    "url": WEBHOOK_URL,
    "key_file": SECRET_FILE,
}
_USUAL_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpAccount:
    """The server that takes our mails, and who we are there.

    Attributes:
        host: Its name; None for no server: nothing can be mailed.
        port: Its port; None for the usual one of `security`.
        security: How the way there is kept secret; its certificate is verified.
        username: For the login; None for no login.
        password: From AGCOD_GUARD_SMTP_PASSWORD; counts before the file.
        password_file: Holds the password; read at each mail.
        sender: Address that mails come from.
        timeout_s: What handing over one mail may take in all.
    """

    host: str | None = None
    port: int | None = None
    security: Security = Security.STARTTLS
    username: str | None = None
    password: Secret | None = field(default=None, repr=False)
    password_file: Path | None = None
    sender: str | None = None
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        check_fields(self, SMTP, table="smtp")
        if self.host is None:
            return
        if self.security is Security.NONE and not is_loopback(self.host):
            raise self._wrong(
                "security",
                "starttls or tls: only a server on this machine may be spoken to in "
                "the clear",
            )
        if self.sender is None:
            raise self._wrong("sender", "the address that mails come from")
        if self.username and not (self.password or self.password_file):
            raise self._wrong(
                "username",
                "given together with smtp.password_file or with "
                "AGCOD_GUARD_SMTP_PASSWORD",
            )

    @property
    def port_in_force(self) -> int:
        """The port to connect to."""
        return self.port or _USUAL_PORTS[self.security]

    def _wrong(self, name: str, expected: str) -> SettingsError:
        value = getattr(self, name)
        return SettingsError(f"smtp.{name}", value, expected, origin=ARGUMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The partner's own people.

    Attributes:
        addresses: Who is mailed when an outage is over.
    """

    addresses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self, OWN, table="own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A channel of the partner's own that is told of incidents.

    Attributes:
        kind: Whose words it understands.
        url: Where to; None for PagerDuty's usual one. Slack's is a secret in
            itself, so only its host is ever shown.
        key_file: Holds PagerDuty's integration key, or the key that signs JSON;
            read at each notice. None for Slack.
    """

    kind: WebhookKind
    url: str | None = field(default=None, repr=False)
    key_file: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self, WEBHOOK, table="webhooks")
        if self.url is None and self.kind is not WebhookKind.PAGERDUTY:
            raise _missing("url", f"given: {WEBHOOK_URL.expected}")
        if self.key_file is None and self.kind is not WebhookKind.SLACK:
            raise _missing("key_file", f"given: {SECRET_FILE.expected}")

    @property
    def url_in_force(self) -> str:
        """Where notices go."""
        return self.url or PAGERDUTY_URL


def _missing(name: str, expected: str) -> SettingsError:
    return SettingsError(f"webhooks.{name}", None, expected, origin=ARGUMENT)


WEBHOOKS = Table(
    expected="a table of names, each with kind, url and key_file",
    key=WEBHOOK_NAME,
    columns=WEBHOOK,
    build=Webhook,
    required=frozenset({"kind"}),
)
