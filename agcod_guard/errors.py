"""The errors a caller may meet, and the one place where a swallowed one is told.

The guard never lets its own trouble reach the partner's call. What it swallows
there goes through `swallowed`, so that a count, a log line and our own tests
see it all the same.
"""

from __future__ import annotations

from collections.abc import Callable

swallowed_listeners: list[Callable[[str, Exception], None]] = []
"""Told of every contained error as (stage, error); our tests re-raise them."""


class GuardError(Exception):
    """Base of every error this package raises on purpose."""


class SettingsError(GuardError):
    """A setting has a value the guard cannot work with.

    Attributes:
        setting: Dotted name of the setting, as in the settings file.
        value: What was given; already masked if the setting is a secret.
        expected: What it must be, or what to do, in words.
        origin: Where it was set: a file, an environment name, an argument.
    """

    def __init__(
        self, setting: str, value: object, expected: str, *, origin: str
    ) -> None:
        super().__init__(setting, value, expected, origin)
        self.setting, self.value = setting, value
        self.expected, self.origin = expected, origin

    def __str__(self) -> str:
        return (
            f"{self.setting} is {self.value!r} (set in {self.origin}) "
            f"but must be {self.expected}"
        )


class DataError(GuardError):
    """Data on disk cannot be reached or understood.

    Attributes:
        path: The file or folder.
        problem: What is wrong with it.
        remedy: What to do about it.
    """

    def __init__(self, path: object, problem: str, *, remedy: str) -> None:
        super().__init__(path, problem, remedy)
        self.path, self.problem, self.remedy = path, problem, remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; {self.remedy}"


def swallowed(stage: str, error: Exception) -> None:
    """Tell every listener of an error that was kept from the partner."""
    for listener in tuple(swallowed_listeners):
        listener(stage, error)
