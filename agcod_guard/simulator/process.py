"""A simulator in a process of its own, and the handle on it.

The child ends when its standard input does, so it never outlives the program
that holds this handle, however that program ends. Talks over `http.client`
and not over `requests`: an installed guard must not record the control calls.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from agcod_guard.errors import GuardError
from agcod_guard.simulator.server import LOOPBACK
from agcod_guard.simulator.truth import Entry

_CONTROL_TIMEOUT_S = 10.0
_END_TIMEOUT_S = 5.0


class SimulatorProcessError(GuardError):
    """The simulator's process did not start, or refused what it was told.

    Attributes:
        problem: What it said.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"the simulator's process: {self.problem}"


class SimulatorProcess:
    """Start `python -m agcod_guard.simulator` and control it; a context manager.

    Args:
        options: Further arguments, e.g. `"--tls"` or `"--seed", "7"`.

    Attributes:
        pid: Process id of the simulator.
        urls: Base URL by region.
        environ: As `Simulator.environ()`.

    Raises:
        SimulatorProcessError: It did not start.
    """

    def __init__(self, *options: str) -> None:
        self._child = subprocess.Popen(
            # -P: a `token.py` in the caller's folder is none of our modules.
            [sys.executable, "-P", "-m", __package__, "--json-ready", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C is for the caller, who then closes this process in order.
            start_new_session=True,
        )
        ready = self._child.stdout.readline() if self._child.stdout else b""
        if not ready:
            self.close()
            raise SimulatorProcessError(f"ended at once, code {self._child.returncode}")
        facts = json.loads(ready)
        self.pid: int = self._child.pid
        self.urls: Mapping[str, str] = facts["urls"]
        self.environ: Mapping[str, str] = facts["environ"]
        self._port: int = facts["port"]

    @property
    def url(self) -> str:
        """Base URL of the first host."""
        return next(iter(self.urls.values()))

    @property
    def log(self) -> list[Entry]:
        """What was really asked and answered, oldest first."""
        return [Entry(**entry) for entry in self._control("GET", "log")["entries"]]

    def break_(self, fault: str, **arguments: Any) -> None:
        """Let a fault act from now on; the arguments are `Simulator.break_`'s.

        Raises:
            SimulatorProcessError: There is no such fault, region or operation.
        """
        self._control("POST", "break", {"fault": fault, **arguments})

    def heal(self, region: str | None = None) -> None:
        """End faults, as `Simulator.heal` does."""
        self._control("POST", "heal", {"region": region})

    def close(self) -> None:
        """End the process and wait until it has; may be repeated."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                pipe.close()
        try:
            self._child.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _control(
        self, method: str, name: str, arguments: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        connection = http.client.HTTPConnection(
            LOOPBACK, self._port, timeout=_CONTROL_TIMEOUT_S
        )
        try:
            body = None if arguments is None else json.dumps(arguments)
            connection.request(method, f"/_control/{name}", body=body)
            answer = connection.getresponse()
            value: dict[str, Any] = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise SimulatorProcessError(value["error"])
        return value
