"""What the partner decides: files and environment made into frozen values.

`Settings()` reads no settings at all and works; `Settings.load` reads the
settings file and the AGCOD_GUARD_ environment, and raises nothing but
`SettingsError`. What is set nearer wins: an argument, then the environment,
then the file, then the default. `hosts`, `accounts`, `webhooks` and `contacts` are
one setting each: the nearer table stands for all of it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from agcod_guard.call import Endpoint
from agcod_guard.errors import SettingsError
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.protocol.contacts import Contacts
from agcod_guard.settings.contacts import shipped_contacts
from agcod_guard.settings.fields import ENV_PREFIX, FIELDS, TABLES, TOP
from agcod_guard.settings.frozen import FrozenMap
from agcod_guard.settings.inventory import DEFAULT, inventory
from agcod_guard.settings.mail import Own, SmtpAccount, Webhook
from agcod_guard.settings.sources import from_arguments, from_environment, from_file
from agcod_guard.settings.values import (
    Account,
    Contact,
    EventSwitches,
    Fleet,
    JournalQuota,
    Page,
    PageMode,
    Reference,
    check_fields,
)

__all__ = [
    "Account",
    "Contact",
    "EventSwitches",
    "Fleet",
    "JournalQuota",
    "Own",
    "Page",
    "PageMode",
    "Reference",
    "Settings",
    "SmtpAccount",
    "Webhook",
]

_GROUPS: Mapping[str, Any] = {
    "contact": Contact,
    "policy": OutagePolicy,
    "reference": Reference,
    "page": Page,
    "smtp": SmtpAccount,
    "own": Own,
    "fleet": Fleet,
    "journal": JournalQuota,
    "events": EventSwitches,
}


def default_data_dir(env: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder of a guard that was told none.

    Raises:
        SettingsError: The user has no home folder to put it in.
    """
    if named := env.get(f"{ENV_PREFIX}DATA_DIR", "").strip():
        return Path(named)
    state = Path(env.get("XDG_STATE_HOME", ""))
    try:
        # A relative XDG_STATE_HOME is invalid and, by its rules, ignored.
        home = state if state.is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError:
        raise SettingsError(
            "data_dir", None, "set: this user has no home folder", origin=DEFAULT
        ) from None
    return home / "agcod-guard"


def default_source() -> str:
    """Return this machine's name."""
    return socket.gethostname().strip() or "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a partner can decide about the guard.

    Attributes:
        data_dir: Folder of the journal, the ladder and the incidents.
        source: This machine's name among the partner's machines.
        app_version: Version of the partner's own program; a new one is noted as
            a recent change. None if it is not told.
        partner_id: Account of the calls that carry none; None if there is no
            such account.
        hosts: Names beside Amazon's own, lower case and without ports.
        contact: Whom Amazon may call back.
        accounts: What is known of each partner id.
        policy: When it is an outage.
        reference: A host outside Amazon, to know our own way out is open.
        page: How far the guard may go in writing to Amazon.
        smtp: The server that takes the mails.
        own: The partner's own people.
        webhooks: The partner's own channels, by name.
        fleet: The machines that share the accounts.
        journal: How much of the past is kept.
        events: Which events are told louder.
        contacts: Whom to write to at Amazon; the partner's own rows replace
            those that were shipped.
        live_armed: AGCOD_GUARD_LIVE=1 was set; live paging needs it besides
            `page.mode`, so that a copied file alone never pages.
        drill: A rehearsal: every file says so and nothing can be sent.
        origins: Where each setting that is not the default was set, by its
            dotted name; no part of equality.
    """

    data_dir: Path = field(default_factory=default_data_dir)
    source: str = field(default_factory=default_source)
    app_version: str | None = None
    partner_id: str | None = None
    hosts: Mapping[str, Endpoint] = field(default_factory=FrozenMap)
    contact: Contact = field(default_factory=Contact)
    accounts: Mapping[str, Account] = field(default_factory=FrozenMap)
    policy: OutagePolicy = field(default_factory=OutagePolicy)
    reference: Reference = field(default_factory=Reference)
    page: Page = field(default_factory=Page)
    smtp: SmtpAccount = field(default_factory=SmtpAccount)
    own: Own = field(default_factory=Own)
    webhooks: Mapping[str, Webhook] = field(default_factory=FrozenMap)
    fleet: Fleet = field(default_factory=Fleet)
    journal: JournalQuota = field(default_factory=JournalQuota)
    events: EventSwitches = field(default_factory=EventSwitches)
    contacts: Contacts = field(default_factory=shipped_contacts)
    live_armed: bool = False
    drill: bool = False
    origins: Mapping[str, str] = field(
        default_factory=FrozenMap, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        check_fields(self, TOP)
        object.__setattr__(self, "origins", FrozenMap(self.origins))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] = os.environ,
        **overrides: Any,
    ) -> Self:
        """Return the settings in force.

        Args:
            path: Settings file; else the one AGCOD_GUARD_SETTINGS names; else
                `agcod_guard.toml` in the working folder, if it is there.
            env: Environment to read; empty values count as not set.
            overrides: Settings by the names of the file's tables, as nested
                mappings or as values; None puts a setting back to its default.

        Raises:
            SettingsError: A name is unknown, a value is impossible, or the
                file cannot be read.
        """
        nearest = {
            given.path: given
            for given in (
                *from_file(path, env),
                *from_environment(env),
                *from_arguments(overrides),
            )
        }
        kept = [given for given in nearest.values() if given.value is not None]
        origins = {given.name: given.origin for given in kept}
        taken = {given.path: FIELDS[given.path].kind.take(given) for given in kept}
        taken.setdefault(("data_dir",), default_data_dir(env))
        groups = {name: _group(name, taken, origins) for name in TABLES}
        top = {path[0]: value for path, value in taken.items() if len(path) == 1}
        return cls(**top, **groups, origins=origins)

    def in_force(self) -> list[tuple[str, str, str]]:
        """Return (name, value, origin) of every setting; secrets are masked."""
        return inventory(self, self.origins)

    def missing_for_packet(self, account: str) -> list[str]:
        """Return the settings that a complete packet of `account` still needs."""
        known = self.accounts.get(account, Account())
        facts = {
            "contact.name": self.contact.name,
            "contact.phone": self.contact.phone,
            "contact.email": self.contact.email,
            f"accounts.{account}.marketplace": known.marketplace,
        }
        return [name for name, value in facts.items() if value is None]


def _group(
    name: str, taken: Mapping[tuple[str, ...], Any], origins: Mapping[str, str]
) -> Any:
    parts = {path[1]: value for path, value in taken.items() if path[0] == name}
    try:
        return _GROUPS[name](**parts)
    except SettingsError as error:
        # Two values contradict each other; say where the other comes from.
        others = sorted({origins[f"{name}.{part}"] for part in parts})
        against = f"{DEFAULT}, against {', '.join(others)}"
        origin = origins.get(error.setting, against)
        raise SettingsError(
            error.setting, error.value, error.expected, origin=origin
        ) from None
