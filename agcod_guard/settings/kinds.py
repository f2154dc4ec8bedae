"""What a setting's value must be: in words, and as a function that takes it.

Pure, but for the home and working folder that a path is resolved against.
Taking a value that was taken before returns it unchanged, so a value object
checks itself by the same rules as the settings file.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from agcod_guard.call import Endpoint, Environment
from agcod_guard.errors import SettingsError
from agcod_guard.protocol.domains import is_amazons
from agcod_guard.protocol.endpoints import MARKETPLACES, endpoint_of
from agcod_guard.settings.frozen import FrozenMap
from agcod_guard.settings.given import Given

_E = TypeVar("_E", bound=StrEnum)

# Patterns stay text until they are used: most never are, and compiling them all
# is a visible part of what `import agcod_guard` may cost.
_EMAIL = (
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,63}"
)
_PHONE = r"\+?[0-9 ()./-]{5,32}(?: ?(?:ext\.?|x) ?[0-9]{1,6})?"
_HOST = r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?"
_REGION = r"[a-z0-9-]{1,16}"
_LARGEST = 10**15


class Kind(Protocol):
    """What one setting must be."""

    @property
    def expected(self) -> str:
        """The rule in words; it completes `must be`."""
        ...

    def take(self, given: Given) -> Any:
        """Return the value to use.

        Raises:
            SettingsError: The value is not of this kind.
        """
        ...

    def read(self, text: str) -> object:
        """Return what an environment variable's text stands for."""
        ...


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value.

    Attributes:
        expected: The rule in words.
        convert: Returns the value to use; raises any ordinary error if it
            cannot be used.
        read: What a text from the environment stands for; a text that stands
            for nothing is returned as it is, for `convert` to refuse.
    """

    expected: str
    convert: Callable[[Any], object]
    read: Callable[[str], object] = str

    def take(self, given: Given) -> Any:
        """Return the value to use; raise SettingsError if it is none."""
        try:
            return self.convert(given.value)
        except (ValueError, TypeError, OverflowError, RuntimeError, OSError):
            raise given.refused(self.expected) from None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under names that are the user's own, each with the same columns.

    Attributes:
        expected: The rule in words, for what is no table at all.
        key: What the names must be.
        columns: What stands in a row.
        build: Makes the row's value from its columns.
        required: Columns that no row may lack.
        spelled_out: Returns the table that a shorter spelling stands for.
    """

    expected: str
    key: Scalar
    columns: Mapping[str, Scalar]
    build: Callable[..., object]
    required: frozenset[str] = frozenset()
    spelled_out: Callable[[object], object] = field(default=lambda value: value)

    def take(self, given: Given) -> FrozenMap[Any]:
        """Return name -> row; raise SettingsError naming what is wrong in it."""
        rows = self.spelled_out(given.value)
        if not isinstance(rows, Mapping):
            raise given.refused(self.expected)
        taken: dict[str, object] = {}
        for name, row in rows.items():
            inner = given.inside(name, name)
            key = self.key.take(inner)
            if key in taken:
                raise inner.refused("given once; the same name stands there already")
            taken[key] = self._row(given.inside(name, row))
        return FrozenMap(taken)

    def read(self, text: str) -> object:
        """Return the names in a list with commas."""
        return [name for part in text.split(",") if (name := part.strip())]

    def _row(self, given: Given) -> object:
        row = given.value
        if isinstance(self.build, type) and isinstance(row, self.build):
            row = {name: getattr(row, name) for name in self.columns}
        if not isinstance(row, Mapping):
            raise given.refused(f"a table of {' and '.join(self.columns)}")
        for name, value in row.items():
            if name not in self.columns:
                inner = given.inside(name, value)
                raise inner.unknown(
                    given.inside(known, None).name for known in self.columns
                )
        for name in self.required - row.keys():
            raise given.inside(name, None).refused(self.columns[name].expected)
        taken = {
            name: self.columns[name].take(given.inside(name, value))
            for name, value in row.items()
            if value is not None or name in self.required
        }
        try:
            return self.build(**taken)
        except SettingsError as error:
            # Its columns contradict each other; it does not know its own name.
            column = error.setting.rpartition(".")[2]
            raise given.inside(column, error.value).refused(error.expected) from None


def _require(holds: object) -> None:
    if not holds:
        raise ValueError


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise TypeError
    _require(0 < len(value) <= longest and value.isprintable())
    _require(value == value.strip())
    return value


def text(longest: int, expected: str) -> Scalar:
    """Return the kind of a printable text with no space at its ends."""
    return Scalar(expected, lambda value: _text(value, longest))


def matching(pattern: str, expected: str) -> Scalar:
    """Return the kind of a text that is all `pattern`."""

    def convert(value: object) -> str:
        found = _text(value, 320)
        _require(re.fullmatch(pattern, found))
        return found

    return Scalar(expected, convert)


def one_of(choices: type[_E]) -> Scalar:
    """Return the kind of a value of a closed set."""
    return Scalar(
        f"one of {', '.join(choices)}", lambda value: choices(_text(value, 32))
    )


def whole(at_least: int) -> Scalar:
    """Return the kind of a whole number."""

    def convert(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError
        _require(at_least <= value <= _LARGEST)
        return value

    return Scalar(f"a whole number of at least {at_least}", convert, _read_number)


def seconds(*, at_most: int = 10**9) -> Scalar:
    """Return the kind of a duration, which is never 0 and never endless."""

    def convert(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        _require(0 < value <= at_most)
        return float(value)

    return Scalar(
        f"a number of seconds above 0 and at most {at_most}", convert, _read_number
    )


def _read_number(written: str) -> object:
    for number in (int, float):
        try:
            return number(written)
        except ValueError:
            continue
    return written


_SWITCH_WORDS = {"true": True, "1": True, "false": False, "0": False}


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


SWITCH = Scalar(
    "true or false",
    _switch,
    lambda written: _SWITCH_WORDS.get(written.lower(), written),
)
ARMED = Scalar(
    "1, which arms live paging, or 0",
    _switch,
    lambda written: {"1": True, "0": False}.get(written, written),
)


def _folder(value: Any) -> Path:
    if isinstance(value, str):
        _text(value, 4096)
    return Path(value).expanduser().absolute()


FOLDER = Scalar("the path of a folder", _folder)
SOURCE = text(253, "a printable name of at most 253 characters, e.g. a host name")
VERSION = text(100, "a version: printable, at most 100 characters, on one line")
PARTNER_ID = text(32, "a partner id: 1 to 32 printable characters, case as given")
PERSON = text(100, "a name: printable, at most 100 characters, on one line")
EMAIL = matching(_EMAIL, "an e-mail address, e.g. oncall@example.invalid")


def _phone(value: object) -> str:
    number = _text(value, 40)
    _require(re.fullmatch(_PHONE, number))
    _require(sum(letter.isdigit() for letter in number) >= 5)
    return number


PHONE = Scalar("a phone number, e.g. +44 20 0000 0000", _phone)


def _marketplace(value: object) -> str:
    _require(value in _MARKETPLACE_CODES)
    return str(value)


_MARKETPLACE_CODES = tuple(market.code for market in MARKETPLACES)
MARKETPLACE = Scalar(
    f"one of Amazon's codes: {', '.join(_MARKETPLACE_CODES)}", _marketplace
)


def _host(value: object) -> str:
    name = _text(value, 255).lower()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if ":" in name:
        return str(ipaddress.IPv6Address(name))
    _require(re.fullmatch(_HOST, name) and endpoint_of(name) is None)
    return name


HOST = Scalar(
    "a host name without scheme, port or path, and not one of Amazon's own, "
    "which are known",
    _host,
)


def _region(value: object) -> str:
    region = _text(value, 16)
    _require(re.fullmatch(_REGION, region))
    # `eu-sandbox` is how the sandbox of `eu` is written: no region may be so named.
    _require(Endpoint.parse(region) == Endpoint(region))
    return region


REGION = Scalar(
    "a short name of a-z, 0-9 and -, at most 16 characters, not ending in "
    "-sandbox or -loopback",
    _region,
)
ENVIRONMENT = one_of(Environment)

_ON_THIS_MACHINE = Endpoint("local", Environment.LOOPBACK)


def _named_hosts(value: object) -> object:
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value, _ON_THIS_MACHINE)
    return value


HOSTS = Table(
    expected="a list of host names, or a table of host names with region and "
    "environment",
    key=HOST,
    columns={"region": REGION, "environment": ENVIRONMENT},
    build=Endpoint,
    required=frozenset({"region", "environment"}),
    spelled_out=_named_hosts,
)


def _outside_url(value: object) -> str:
    url = _text(value, 2048)
    _require(" " not in url)
    parts = urlsplit(url)
    _require(parts.scheme in {"http", "https"} and parts.hostname)
    _require(parts.username is None and parts.port != 0)
    _require(not is_amazons(parts.hostname or ""))
    return url


OUTSIDE_URL = Scalar(
    "an http or https URL without user name, of a host outside Amazon: it tells "
    "whether our own way to the internet is open when Amazon does not answer",
    _outside_url,
)
