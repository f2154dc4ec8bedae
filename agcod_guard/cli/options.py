"""What the commands that read a data folder have in common: where it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from agcod_guard.clock import SystemClock
from agcod_guard.data_folder import DataFolder
from agcod_guard.settings import Settings

Command = Callable[..., int]


def with_json(command: Command) -> Command:
    """Give a command `--json`, as its argument `as_json`."""
    option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    return option(command)


def with_settings(command: Command) -> Command:
    """Give a command `--settings`, as its argument `settings_path`."""
    option = click.option(
        "--settings",
        "settings_path",
        type=click.Path(path_type=Path),
        help="Settings file; found as the guard finds it, unless given.",
    )
    return option(command)


def with_places(command: Command) -> Command:
    """Give a command `--settings` and `--data-dir`, as its argument `places`.

    They are the arguments of `Settings.load`.
    """

    @functools.wraps(command)
    def placed(
        *, settings_path: Path | None, data_dir: Path | None, **options: Any
    ) -> int:
        nearer = {} if data_dir is None else {"data_dir": data_dir}
        return command(places={"path": settings_path, **nearer}, **options)

    option = click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        help="Data folder; the one of the settings, unless given.",
    )
    return with_settings(option(placed))


def with_folder(command: Command) -> Command:
    """Give a command `--settings` and `--data-dir`, as its first argument.

    That is a `DataFolder`; nothing is made in it.
    """

    @functools.wraps(command)
    def opened(*, places: dict[str, Any], **options: Any) -> int:
        folder = DataFolder(settings=Settings.load(**places), clock=SystemClock())
        return command(folder, **options)

    return with_places(opened)
