"""Every setting there is: its name, what it must be, where it may be set.

Pure. The names in the settings file, those of the environment, the arguments
of `Settings.load` and the table in `docs/settings.md` all come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.settings.contacts import CONTACT_ROWS
from agcod_guard.settings.kinds import (
    ARMED,
    FOLDER,
    HOSTS,
    PARTNER_ID,
    SOURCE,
    SWITCH,
    VERSION,
    Kind,
    Scalar,
    seconds,
    whole,
)
from agcod_guard.settings.mail import OWN, SMTP, WEBHOOKS
from agcod_guard.settings.values import (
    ACCOUNTS,
    CONTACT,
    EVENTS,
    FLEET,
    JOURNAL,
    PAGE,
    REFERENCE,
)

ENV_PREFIX = "AGCOD_GUARD_"
ENV_FILE = f"{ENV_PREFIX}SETTINGS"
"""Names the settings file; no setting itself."""


class Place(StrEnum):
    """Where a setting can be set; the words complete `can be set only in`."""

    FILE = "the settings file"
    ENVIRONMENT = "the environment"
    ARGUMENT = "an argument of Settings.load"


_EVERYWHERE = frozenset(Place)
_NOT_IN_ENVIRONMENT = frozenset({Place.FILE, Place.ARGUMENT})
_NOT_IN_FILE = frozenset({Place.ENVIRONMENT, Place.ARGUMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One setting.

    Attributes:
        path: Its dotted name in parts.
        kind: What it must be.
        places: Where it can be set.
        env_name: Its name in the environment.
    """

    path: tuple[str, ...]
    kind: Kind
    places: frozenset[Place] = _EVERYWHERE
    env_name: str = ""

    def __post_init__(self) -> None:
        if not self.env_name:
            name = ENV_PREFIX + "_".join(self.path).upper()
            object.__setattr__(self, "env_name", name)

    @property
    def name(self) -> str:
        """The dotted name, e.g. `contact.phone`."""
        return ".".join(self.path)


def _policy_kind(default: float) -> Scalar:
    return whole(1) if isinstance(default, int) else seconds()


POLICY: Mapping[str, Scalar] = {
    field.name: _policy_kind(field.default)  # type: ignore[arg-type]  # all have one
    for field in fields(OutagePolicy)
}

TOP: Mapping[str, Kind] = {
    "data_dir": FOLDER,
    "source": SOURCE,
    "app_version": VERSION,
    "partner_id": PARTNER_ID,
    "hosts": HOSTS,
    "accounts": ACCOUNTS,
    "contacts": CONTACT_ROWS,
    "webhooks": WEBHOOKS,
    "drill": SWITCH,
    "live_armed": ARMED,
}
TABLES: Mapping[str, Mapping[str, Kind]] = {
    "contact": CONTACT,
    "policy": POLICY,
    "reference": REFERENCE,
    "page": PAGE,
    "smtp": SMTP,
    "own": OWN,
    "fleet": FLEET,
    "journal": JOURNAL,
    "events": EVENTS,
}
_PLACES = {
    "drill": frozenset({Place.ARGUMENT}),
    "live_armed": frozenset({Place.ENVIRONMENT}),
    "accounts": _NOT_IN_ENVIRONMENT,
    "contacts": _NOT_IN_ENVIRONMENT,
    "webhooks": _NOT_IN_ENVIRONMENT,
    "smtp.password": _NOT_IN_FILE,
}
_ENV_NAMES = {"live_armed": f"{ENV_PREFIX}LIVE"}


def _all_fields() -> tuple[Field, ...]:
    top = (
        Field(
            path=(name,),
            kind=kind,
            places=_PLACES.get(name, _EVERYWHERE),
            env_name=_ENV_NAMES.get(name, ""),
        )
        for name, kind in TOP.items()
    )
    inner = (
        Field(
            path=(table, name),
            kind=kind,
            places=_PLACES.get(f"{table}.{name}", _EVERYWHERE),
        )
        for table, kinds in TABLES.items()
        for name, kind in kinds.items()
    )
    return (*top, *inner)


FIELDS: Mapping[tuple[str, ...], Field] = {field.path: field for field in _all_fields()}
