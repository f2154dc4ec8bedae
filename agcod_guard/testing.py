"""A guard for tests: its time passes when a test says so, and nothing is real.

What the pytest fixture `agcod_guard` gives (docs/testing.md). It takes nothing
from a settings file or the environment, writes to a folder of its own, marks every
incident as a drill, and can send nothing to anyone.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from prometheus_client import CollectorRegistry

from agcod_guard.call import Call, Endpoint, Outcome, Scope
from agcod_guard.clock import ManualClock
from agcod_guard.guard import Guard
from agcod_guard.outage.state import Phase, Transition
from agcod_guard.settings import Settings

PARTNER_ID = "Acmes"
"""The account of the calls that are made up."""

_HOSTS = {"127.0.0.1": Endpoint("eu"), "localhost": Endpoint("na")}
_STEP_S = 1.0
_MADE_UP_EVERY_S = 10.0
_MOST_MADE_UP = 360


class VirtualGuard(Guard):
    """A guard on a clock by hand.

    Calls to 127.0.0.1 and localhost, where the simulator listens, count as calls
    to the production endpoints `eu` and `na`, so that your code may ask about
    those by the names that it uses in earnest.

    Attributes:
        clock: The time; moved by `pass_time`.
    """

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        """Prepare.

        Args:
            folder: Where it writes.
            clock: The time.
        """
        self.clock = clock
        self._numbers = count(1)
        self._phases: dict[Scope, Phase] = {}
        settings = Settings(data_dir=folder, source="test", hosts=_HOSTS, drill=True)
        super().__init__(settings, registry=CollectorRegistry(), clock=clock)

    def tick(self, now_s: float | None = None) -> list[Transition]:
        """Look once; return what has changed since the last look, oldest first."""
        news = super().tick(now_s)
        self._phases.update((each.scope, each.after) for each in news)
        return news

    def pass_time(
        self, seconds: float, doing: Callable[[], object] = lambda: None
    ) -> list[Transition]:
        """Let virtual time pass, a second at a time, and look after each.

        Args:
            seconds: How long.
            doing: What your program does once a second meanwhile, such as selling
                a card. What it raises ends the test.

        Returns:
            What has changed, oldest first.
        """
        news = []
        until_s = self.clock.monotonic_s() + seconds
        while (left_s := until_s - self.clock.monotonic_s()) > 0:
            doing()
            self.clock.advance(min(_STEP_S, left_s))
            news += self.tick()
        return news

    def bring_down(
        self, endpoint: Endpoint | str = "eu", partner_id: str = PARTNER_ID
    ) -> list[Transition]:
        """Have an outage declared, by made-up calls that fail.

        Some three virtual minutes pass. Returns what has changed, oldest first.

        Raises:
            SettingsError: No calls go to such an endpoint.
        """
        return self._until(Phase.OUTAGE, Outcome.FAULT, endpoint, partner_id)

    def bring_up(
        self, endpoint: Endpoint | str = "eu", partner_id: str = PARTNER_ID
    ) -> list[Transition]:
        """Have the outage end, by made-up calls that succeed.

        Some five virtual minutes pass. Returns what has changed, oldest first.

        Raises:
            SettingsError: No calls go to such an endpoint.
        """
        return self._until(Phase.OK, Outcome.SUCCESS, endpoint, partner_id)

    def _until(
        self, phase: Phase, outcome: Outcome, endpoint: Endpoint | str, partner_id: str
    ) -> list[Transition]:
        scope = Scope(partner_id, self._endpoint(endpoint, asked_by="the outage"))
        news: list[Transition] = []
        for _ in range(_MOST_MADE_UP):
            if self._phases.get(scope, Phase.OK) is phase:
                return news
            self._make_up(scope, outcome)
            self.clock.advance(_MADE_UP_EVERY_S)
            news += self.tick()
        raise RuntimeError(
            f"{scope} did not become {phase} after {_MOST_MADE_UP} calls: does your "
            "program make other calls of that account meanwhile?"
        )

    def _make_up(self, scope: Scope, outcome: Outcome) -> None:
        is_fault = outcome is Outcome.FAULT
        self.record(
            Call(
                endpoint=scope.endpoint,
                operation="CreateGiftCard",
                outcome=outcome,
                started_at_s=self.clock.wall_s(),
                duration_s=0.0,
                partner_id=scope.account,
                request_id=f"{scope.account}MadeUp{next(self._numbers)}",
                error_code="F500" if is_fault else None,
                error_type="GeneralError" if is_fault else None,
                status=400 if is_fault else 200,
                marked=True,
            )
        )
