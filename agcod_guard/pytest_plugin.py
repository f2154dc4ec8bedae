"""pytest fixtures for a partner's own tests: a loopback AGCOD and a guard.

pytest loads this file in every run where agcod-guard is installed, so that what a
fixture needs is imported when a test asks for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from agcod_guard.clock import ManualClock
    from agcod_guard.simulator import Simulator
    from agcod_guard.testing import VirtualGuard

_LOOPBACK = "127.0.0.1,localhost"


@pytest.fixture
def agcod_clock() -> ManualClock:
    """The virtual time of the simulator and the guard; begins at the present."""
    from agcod_guard.clock import ManualClock

    return ManualClock(time.time())


@pytest.fixture
def agcod_simulator(
    agcod_clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Simulator]:
    """A loopback AGCOD with faults: `url`, `break_("F500")`, `heal()`, `log`."""
    from agcod_guard.simulator import Simulator

    for name in ("NO_PROXY", "no_proxy"):  # clients heed either
        monkeypatch.setenv(name, _LOOPBACK, prepend=",")
    with Simulator(clock=agcod_clock) as simulator:
        yield simulator


@pytest.fixture
def agcod_guard(agcod_clock: ManualClock, tmp_path: Path) -> Iterator[VirtualGuard]:
    """A guard on virtual time: `pass_time(seconds)`, `bring_down()`, `bring_up()`."""
    from agcod_guard.testing import VirtualGuard

    with VirtualGuard(tmp_path / "agcod-guard", agcod_clock) as guard:
        yield guard
