"""One value as somebody gave it, and how it is shown when it is refused.

Pure. What is shown is masked first: an error, a log line or `agcod-guard check`
must not be the place where a password comes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from agcod_guard.errors import SettingsError

MASK = "***"
_LONGEST_SHOWN = 200
_HUGE = 10**100

_SECRET_WORDS = frozenset(
    {
        "authorization",
        "credential",
        "credentials",
        "key",
        "passphrase",
        "passwd",
        "password",
        "secret",
        "token",
    }
)
_USERINFO = r"(?<=://)[^@\s]{1,500}(?=@)"


@dataclass(frozen=True, slots=True)
class Given:
    """A value with its dotted name in parts, and where it was set.

    Attributes:
        path: The parts of its name, as in the settings file.
        value: What was given, not yet checked.
        origin: A file, an environment name or an argument.
    """

    path: tuple[str, ...]
    value: object
    origin: str

    @property
    def name(self) -> str:
        """The dotted name, e.g. `policy.hold_s`."""
        return ".".join(self.path)

    def inside(self, key: object, value: object) -> Given:
        """Return what stands under `key` of this value."""
        return Given((*self.path, str(key)), value, self.origin)

    def refused(self, expected: str) -> SettingsError:
        """Return the error that says what it must be."""
        return SettingsError(
            self.name, masked(self.path, self.value), expected, origin=self.origin
        )

    def unknown(self, names: Iterable[str]) -> SettingsError:
        """Return the error for a name that does not exist, with the nearest."""
        import difflib

        nearest = difflib.get_close_matches(self.name, list(names), n=1, cutoff=0.0)
        hint = f"; the nearest is {nearest[0]}" if nearest else ""
        return self.refused(f"a setting that exists{hint}")


def masked(path: Iterable[str], value: object) -> object:
    """Return `value` as it may be shown: no secret, not endless."""
    words = {word for part in path for word in re.split(r"[^a-z]+", part.lower())}
    if words & _SECRET_WORDS:
        # A path names the file of a secret; a text may be the secret itself.
        return value if isinstance(value, Path | None) else MASK
    if "webhooks" in words and isinstance(value, str) and "://" in value:
        return _host_only(value)
    if isinstance(value, str):
        text = re.sub(_USERINFO, MASK, value)
        return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    if isinstance(value, Mapping):
        return {key: masked((str(key),), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked((), inner) for inner in value]
    if isinstance(value, int) and abs(value) > _HUGE:
        return "a huge number"
    return value


def _host_only(url: str) -> str:
    """Return a webhook's URL as it may be shown: a Slack URL's path is a password."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}/{MASK}"
    except ValueError:
        return MASK
