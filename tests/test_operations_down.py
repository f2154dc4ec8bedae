"""The whole thread when one operation fails and others succeed."""

from __future__ import annotations

import io
import json

import pytest
from partner import START_S, Partner, fault, settings
from prometheus_client import CollectorRegistry
from structlog import reset_defaults
from structlog.testing import capture_logs

from agcod_guard import Guard
from agcod_guard.cli.replay import show_replay
from agcod_guard.cli.status import show_status
from agcod_guard.clock import ManualClock
from agcod_guard.replaying import replayed

FUNDS = "https://agcod-v2-eu.amazon.com/GetAvailableFunds"
ENOUGH = {"status": "SUCCESS", "availableFunds": {"amount": 5, "currencyCode": "GBP"}}
DOWN = fault("F500")


@pytest.fixture(autouse=True)
def _structlog_as_it_comes():
    yield
    reset_defaults()  # who has captured logs has configured structlog


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def logged():
    with capture_logs() as captured:
        yield captured


def opened(folder, clock, registry=None) -> Partner:
    registry = CollectorRegistry() if registry is None else registry
    return Partner(Guard(settings(folder), registry=registry, clock=clock), clock)


def live(partner: Partner, seconds: int, create) -> None:
    """Sell a card a second, and ask for the funds now and then."""
    for second in range(seconds):
        if second % 3 == 1:
            partner.order(ENOUGH, url=FUNDS)
        partner.sell(1, create)


def told(logged) -> list[str]:
    return [each["event"] for each in logged if each["event"].startswith("operation.")]


def test_it_is_told_once_and_makes_no_phase_and_no_incident(tmp_path, clock, logged):
    partner = opened(tmp_path, clock)

    live(partner, 400, DOWN)
    partner.guard.close()

    (news,) = [each for each in logged if each["event"] == "operation.down"]
    assert news == {
        "event": "operation.down",
        "log_level": "warning",
        "account": "Acmes",
        "endpoint": "eu",
        "operation": "CreateGiftCard",
        "at_s": START_S + 180,
        "first_failed_at_s": START_S,
        "reason": ("10 or more different orders failed in a row, no success for 180 s"),
    }
    assert partner.seen == []
    assert not list(tmp_path.glob("incidents/*"))


def test_it_is_told_when_the_operation_is_up_again(tmp_path, clock, logged):
    partner = opened(tmp_path, clock)

    live(partner, 200, DOWN)
    live(partner, 310, ENOUGH)
    partner.guard.close()

    assert told(logged) == ["operation.down", "operation.up"]


@pytest.mark.parametrize("restart_after", [100, 181, 250])
def test_a_restart_tells_it_no_second_time(tmp_path, clock, logged, restart_after):
    first = opened(tmp_path, clock)
    live(first, restart_after, DOWN)
    first.guard.close()

    second = opened(tmp_path, clock)
    live(second, 300 - restart_after, DOWN)
    second.guard.close()

    assert told(logged) == ["operation.down"]


def test_the_gauge_shows_it_while_it_lasts(tmp_path, clock):
    registry = CollectorRegistry()
    partner = opened(tmp_path, clock, registry)

    def is_down(operation: str) -> float | None:
        labels = {"account": "Acmes", "endpoint": "eu", "operation": operation}
        return registry.get_sample_value("agcod_operation_down", labels)

    live(partner, 170, DOWN)
    assert is_down("CreateGiftCard") == 0
    live(partner, 20, DOWN)
    assert is_down("CreateGiftCard") == 1
    assert is_down("GetAvailableFunds") == 0
    live(partner, 310, ENOUGH)
    assert is_down("CreateGiftCard") == 0
    partner.guard.close()


def test_status_says_since_when_and_that_nobody_is_paged(tmp_path, clock):
    partner = opened(tmp_path, clock)
    live(partner, 200, DOWN)

    status = partner.guard.status()
    code, text = shown(partner)
    partner.guard.close()

    (scope,) = status.scopes
    (operation,) = scope.operations_down
    assert not status.is_outage
    assert operation.operation == "CreateGiftCard"
    assert (operation.since_s, operation.first_failed_at_s) == (START_S + 180, START_S)
    assert code == 0
    assert (
        "Acmes/eu: CreateGiftCard is down since 2026-11-22 11:15:05 GMT: 10 or more "
        "different orders failed in a row, while GetAvailableFunds succeeds: "
        "no page to Amazon; write to the integration team.\n"
    ) in text
    (facts,) = json.loads(shown(partner, as_json=True)[1])["scopes"]
    (down,) = facts["operations_down"]
    assert down["first_failed_at"] == "2026-11-22T11:15:05.000Z"


def test_a_replay_tells_it_as_it_was(tmp_path, clock):
    partner = opened(tmp_path, clock)
    live(partner, 200, DOWN)
    live(partner, 310, ENOUGH)
    partner.guard.close()
    out = io.StringIO()

    result = replayed(tmp_path)
    show_replay(result, tmp_path, out)

    assert result.transitions == result.incidents == ()
    assert [each.split(None, 2)[2].split("  ")[0] for each in lines_of(out)] == [
        "CreateGiftCard down",
        "CreateGiftCard up again",
    ]
    assert [each.at_s - START_S for each in result.operations] == [180, 500]


def lines_of(out: io.StringIO) -> list[str]:
    return [each for each in out.getvalue().splitlines() if "CreateGiftCard" in each]


def shown(partner: Partner, **how: bool) -> tuple[int, str]:
    out = io.StringIO()
    code = show_status(partner.guard._folder, out, **how)
    return code, out.getvalue()
