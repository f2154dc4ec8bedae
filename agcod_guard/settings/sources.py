"""Collect what was given: by the settings file, the environment, arguments.

Reads one file at most. Every value comes out with its dotted name and its
origin, not yet checked; a name that does not exist is refused here, with the
nearest that does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from agcod_guard.errors import SettingsError
from agcod_guard.settings.fields import (
    ENV_FILE,
    ENV_PREFIX,
    FIELDS,
    TABLES,
    Field,
    Place,
)
from agcod_guard.settings.given import Given

DEFAULT_FILE = "agcod_guard.toml"
_LARGEST_FILE_BYTES = 1_000_000
_NAMES = tuple(field.name for field in FIELDS.values())
_ENV_FIELDS = {field.env_name: field for field in FIELDS.values()}

Refuse = Callable[[SettingsError], object]
"""Told of a name that cannot be; if it does not raise, the others go on."""


def at_once(error: SettingsError) -> None:
    """Raise the error: the first is enough."""
    raise error


def from_file(
    path: str | PathLike[str] | None,
    env: Mapping[str, str],
    *,
    refuse: Refuse = at_once,
) -> Iterator[Given]:
    """Yield what the settings file says; nothing if there is none.

    The file is `path`, else the one AGCOD_GUARD_SETTINGS names, else
    `agcod_guard.toml` in the working folder, which need not exist. `refuse` is
    told of names that do not exist.

    Raises:
        SettingsError: It cannot be read, or is no TOML.
    """
    named = path or env.get(ENV_FILE, "").strip() or None
    if named is None and not Path(DEFAULT_FILE).exists():
        return
    origin = "an argument" if path else ENV_FILE if named else "the working folder"
    file = Path(named or DEFAULT_FILE)
    text = _text_of(file, origin)
    yield from _leaves((), _parsed(text, str(file)), str(file), Place.FILE, refuse)


def from_environment(
    env: Mapping[str, str], *, refuse: Refuse = at_once
) -> Iterator[Given]:
    """Yield what the AGCOD_GUARD_ names say; an empty one says nothing.

    `refuse` is told of names that do not exist, or are not set there.
    """
    for name in sorted(env):
        if not name.startswith(ENV_PREFIX) or name == ENV_FILE:
            continue
        if written := env[name].strip():
            try:
                yield _from_name(name, written)
            except SettingsError as error:
                refuse(error)


def from_arguments(
    arguments: Mapping[str, object], *, refuse: Refuse = at_once
) -> Iterator[Given]:
    """Yield what the keyword arguments say, given as in the file or as values.

    `refuse` is told of names that do not exist, or are not set there.
    """
    return _leaves((), arguments, "an argument", Place.ARGUMENT, refuse)


def _text_of(file: Path, origin: str) -> str:
    try:
        with file.expanduser().open("rb") as opened:
            content = opened.read(_LARGEST_FILE_BYTES + 1)
        if len(content) > _LARGEST_FILE_BYTES:
            raise OSError(f"it is larger than {_LARGEST_FILE_BYTES} bytes")
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _broken(file, "a file in UTF-8", f"{file}, line {line}") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _broken(file, f"a file that can be read: {reason}", origin) from None


def _parsed(text: str, file: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(file, f"TOML: {error}", file) from None
    except (ValueError, RecursionError):
        expected = "TOML without endless numbers or nesting"
        raise _broken(file, expected, file) from None


def _broken(file: str | Path, expected: str, origin: str) -> SettingsError:
    return SettingsError("the settings file", str(file), expected, origin=origin)


def _from_name(name: str, written: str) -> Given:
    field = _env_field(name, written)
    _placed(Given(field.path, written, name), field, Place.ENVIRONMENT)
    return Given(field.path, field.kind.read(written), name)


def _env_field(name: str, written: str) -> Field:
    if field := _ENV_FIELDS.get(name):
        return field
    for table, field in _ENV_FIELDS.items():
        if Place.ENVIRONMENT not in field.places and name.startswith(f"{table}_"):
            return field
    raise Given((name,), written, "the environment").unknown((*_ENV_FIELDS, ENV_FILE))


def _leaves(
    path: tuple[str, ...], value: object, origin: str, place: Place, refuse: Refuse
) -> Iterator[Given]:
    for key, inner in _entries(path, value, origin).items():
        given = Given((*path, str(key)), inner, origin)
        try:
            yield from _found(given, place, refuse)
        except SettingsError as error:
            refuse(error)


def _found(given: Given, place: Place, refuse: Refuse) -> Iterator[Given]:
    """Yield the setting of that name, or those of the table."""
    is_top = len(given.path) == 1
    if field := FIELDS.get(given.path):
        yield _placed(given, field, place)
    elif is_top and given.name in TABLES:
        yield from _leaves(given.path, given.value, given.origin, place, refuse)
    else:
        raise given.unknown((*_NAMES, *TABLES) if is_top else _NAMES)


def _entries(
    path: tuple[str, ...], value: object, origin: str
) -> Mapping[object, object]:
    if isinstance(value, Mapping):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    names = ", ".join(TABLES[path[0]])
    raise Given(path, value, origin).refused(f"a table of {names}")


def _placed(given: Given, field: Field, place: Place) -> Given:
    if place in field.places:
        return given
    allowed = " or ".join(sorted(field.places))
    raise given.refused(f"left out here: it can be set only in {allowed}")
