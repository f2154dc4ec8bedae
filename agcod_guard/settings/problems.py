"""Find everything that is wrong with the settings, not only the first of it.

Reads what `Settings.load` reads, by the same rules.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from agcod_guard.errors import SettingsError
from agcod_guard.settings import Settings
from agcod_guard.settings.fields import FIELDS
from agcod_guard.settings.sources import from_arguments, from_environment, from_file


def problems(
    path: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] = os.environ,
    **overrides: Any,
) -> list[SettingsError]:
    """Return every setting that cannot be worked with; none if all can.

    Args:
        path: As for `Settings.load`.
        env: The same.
        overrides: The same.
    """
    found: list[SettingsError] = []
    try:
        given = (
            *from_file(path, env, refuse=found.append),
            *from_environment(env, refuse=found.append),
            *from_arguments(overrides, refuse=found.append),
        )
    except SettingsError as unreadable:
        return [*found, unreadable]
    for each in {one.path: one for one in given}.values():
        try:
            if each.value is not None:
                FIELDS[each.path].kind.take(each)
        except SettingsError as error:
            found.append(error)
    if not found:
        try:
            Settings.load(path, env, **overrides)
        except SettingsError as contradiction:
            found.append(contradiction)
    return found
