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


class ChangedRequestIdError(GuardError):
    """A repeat was to be sent with another request id; it was not sent.

    The same id at another account or endpoint is another one.

    Attributes:
        operation: What was to be sent.
        request_id: The id of the attempts before.
        refused: The id of the repeat; None if it cannot be read.
        scope: Account and endpoint of the attempts before, such as `Acmes/eu`.
        refused_scope: Those of the repeat.
    """

    def __init__(
        self,
        operation: str,
        *,
        request_id: str,
        refused: str | None,
        scope: str = "",
        refused_scope: str = "",
    ) -> None:
        super().__init__(operation, request_id, refused, scope, refused_scope)
        self.operation, self.request_id, self.refused = operation, request_id, refused
        self.scope, self.refused_scope = scope, refused_scope

    def __str__(self) -> str:
        known, given = self.request_id, self.refused
        if given == known:
            known, given = (
                f"{known} of {self.scope}",
                f"{given} of {self.refused_scope}",
            )
        return (
            f"{self.operation} was not repeated: the order was sent with request id "
            f"{known} and would be sent again with "
            f"{given or 'one that cannot be read'}, which could buy it twice; make the "
            "id once, outside the function under retrying(), pass it in, and stay with "
            "one account and endpoint"
        )


class UnseenCallError(GuardError):
    """An attempt failed and cannot be repeated safely: the guard did not see it.

    What the function raised is its `__cause__`.

    Attributes:
        problem: What was not seen.
        remedy: What to do about it.
        result: What the function returned; None if it raised.
    """

    def __init__(self, problem: str, *, remedy: str, result: object = None) -> None:
        super().__init__(problem, remedy)
        self.problem, self.remedy, self.result = problem, remedy, result

    def __str__(self) -> str:
        return f"the attempt failed and was not repeated: {self.problem}; {self.remedy}"


class AgcodOutageError(GuardError):
    """Retries were given up because AGCOD is down.

    What the function raised is its `__cause__`.

    Attributes:
        scope: Account and endpoint that are down, e.g. `Acmes/eu`.
        result: What the function returned; None if it raised.
    """

    def __init__(self, scope: str, *, result: object = None) -> None:
        super().__init__(scope)
        self.scope, self.result = scope, result

    def __str__(self) -> str:
        return (
            f"AGCOD is down for {self.scope}: not repeated; keep the request id, and "
            "send or cancel it when the outage is over"
        )


class StillInDoubtError(GuardError):
    """An order could not be cancelled, so it was not replaced by another.

    Attributes:
        request_id: The order in doubt.
        came: What came of the cancel instead of a success.
    """

    def __init__(self, request_id: str, came: str) -> None:
        super().__init__(request_id, came)
        self.request_id, self.came = request_id, came

    def __str__(self) -> str:
        return (
            f"{self.request_id} may have been bought: its cancel came to {self.came}; "
            "no other order was placed for it; settle it by hand"
        )


class NotAllowed(GuardError):
    """Something may not be sent there; nothing was.

    Attributes:
        address: Server, host or recipient.
        allowed: What is, in words that `allowed` completes.
    """

    def __init__(self, address: str, allowed: str) -> None:
        super().__init__(address, allowed)
        self.address, self.allowed = address, allowed

    def __str__(self) -> str:
        return f"nothing was sent to {self.address}: {self.allowed} allowed"


def swallowed(stage: str, error: Exception) -> None:
    """Tell every listener of an error that was kept from the partner."""
    for listener in tuple(swallowed_listeners):
        listener(stage, error)
