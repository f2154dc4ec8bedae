"""The fixtures that a partner's own tests are written with."""

from __future__ import annotations

import subprocess
import sys

import pytest
import requests

from agcod_guard.capture.retry import retrying
from agcod_guard.errors import AgcodOutageError
from agcod_guard.settings import PageMode
from agcod_guard.simulator.client import PartnerClient

pytest_plugins = ["pytester"]

SHOP = '''
import json
import requests

class Shop:
    """A partner's shop, as it stands in production."""

    def __init__(self, guard, session, url):
        self.guard, self.session, self.url = guard, session, url
        self.orders = 0

    def offers(self):
        return ["books"] if self.guard.is_down("eu") else ["books", "gift cards"]

    def sell(self):
        if "gift cards" not in self.offers():
            return None
        self.orders += 1
        body = {
            "partnerId": "Acmes",
            "creationRequestId": f"Acmes{self.orders:05}",
            "value": {"currencyCode": "GBP", "amount": 25},
        }
        return self.session.post(self.url + "/CreateGiftCard", json=body, timeout=6)
'''


PARTNERS_TESTS = """
import requests
from agcod_guard.simulator.signing import signed_headers
from shop import Shop

def test_when_agcod_is_down_my_shop_stops_selling_gift_cards(agcod_guard):
    shop = Shop(agcod_guard, session=None, url="")
    agcod_guard.bring_down("eu")
    assert "gift cards" not in shop.offers()
    agcod_guard.bring_up("eu")
    assert "gift cards" in shop.offers()

class Signed(requests.auth.AuthBase):
    def __call__(self, request):
        request.headers.update(signed_headers(
            request.url, request.body, region="eu-west-1", now_s=1.8e9))
        return request

def test_my_shop_stops_selling(agcod_guard, agcod_simulator):
    session = agcod_guard.wrap(requests.Session())
    session.auth = Signed()
    shop = Shop(agcod_guard, session, agcod_simulator.url)
    assert shop.sell().json()["status"] == "SUCCESS"
    agcod_simulator.break_("F500")
    news = agcod_guard.pass_time(240, doing=shop.sell)
    assert [each.after for each in news] == ["SUSPECT", "OUTAGE"]
    assert shop.sell() is None
    assert len(agcod_simulator.log) == shop.orders
"""


def test_a_partner_tests_his_shop_in_a_few_lines(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(shop=SHOP)
    pytester.makepyfile(PARTNERS_TESTS)

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=2)


def test_a_run_that_does_not_use_it_loads_next_to_nothing(pytester):
    code = (
        "import sys, pytest; import agcod_guard.pytest_plugin; "
        "print([name for name in sys.modules if name.startswith('agcod_guard.')])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert printed.stdout.strip() == (
        "['agcod_guard.version', 'agcod_guard.pytest_plugin']"
    )


def test_nothing_real_is_read_written_or_armed(
    agcod_guard, tmp_path, monkeypatch, request
):
    settings = agcod_guard.settings

    assert settings.drill
    assert not settings.live_armed
    assert settings.page.mode is PageMode.DRAFT
    assert settings.data_dir.is_relative_to(tmp_path)
    assert dict(settings.origins) == {}


def test_settings_of_the_machine_change_nothing(tmp_path, monkeypatch):
    from agcod_guard.clock import ManualClock
    from agcod_guard.testing import VirtualGuard

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGCOD_GUARD_LIVE", "1")
    monkeypatch.setenv("AGCOD_GUARD_PAGE_MODE", "live")
    (tmp_path / "agcod_guard.toml").write_text("no settings at all")

    with VirtualGuard(tmp_path / "data", ManualClock(1e9)) as guard:
        assert not guard.settings.live_armed
        assert guard.settings.page.mode is PageMode.DRAFT


def test_every_packet_of_a_test_says_that_it_is_a_drill(agcod_guard, tmp_path):
    agcod_guard.bring_down("eu")

    [packet] = tmp_path.glob("agcod-guard/incidents/*/packet.txt")
    assert packet.read_text("utf-8").startswith("NOT FOR THE PAGER - THIS IS A DRILL")


def test_time_passes_only_when_a_test_says_so(
    agcod_guard, agcod_simulator, agcod_clock
):
    began_s = agcod_clock.wall_s()
    seen = []

    agcod_guard.pass_time(2.5, doing=lambda: seen.append(agcod_clock.wall_s()))

    assert [at_s - began_s for at_s in seen] == [0.0, 1.0, 2.0]
    assert agcod_clock.wall_s() - began_s == 2.5


def test_the_simulator_lives_in_the_same_time(
    agcod_guard, agcod_simulator, agcod_clock
):
    with requests.Session() as session:
        client = PartnerClient(
            agcod_guard.wrap(session),
            agcod_simulator.url,
            partner_id="Acmes",
            region="eu",
        )
        client.create("Acmes0001", 25, "GBP")
        agcod_guard.pass_time(16 * 60)

        assert "CancelRequestArrived" in client.cancel("Acmes0001").result


def test_what_the_program_raises_ends_the_test(agcod_guard):
    def sell():
        raise ConnectionError

    with pytest.raises(ConnectionError):
        agcod_guard.pass_time(10, doing=sell)


def test_an_outage_of_one_endpoint_is_none_of_another(agcod_guard):
    agcod_guard.bring_down("na", partner_id="Other")

    assert agcod_guard.is_down("na", "Other")
    assert not agcod_guard.is_down("eu")


def test_bringing_up_what_is_up_takes_no_time(agcod_guard, agcod_clock):
    began_s = agcod_clock.wall_s()

    assert agcod_guard.bring_up("eu") == []
    assert agcod_clock.wall_s() == began_s


def test_an_outage_that_cannot_come_about_is_named(agcod_guard, monkeypatch):
    monkeypatch.setattr("agcod_guard.testing._MOST_MADE_UP", 5)

    with pytest.raises(RuntimeError, match="Acmes/eu did not become OUTAGE after 5"):
        agcod_guard.bring_down("eu")


def test_repeats_pass_in_virtual_time_and_end_where_an_outage_stands(
    agcod_guard, agcod_simulator, agcod_clock
):
    with requests.Session() as session:
        client = PartnerClient(
            agcod_guard.wrap(session),
            agcod_simulator.url,
            partner_id="Acmes",
            region="eu",
        )
        order = retrying(
            unless_down=agcod_guard, clock=agcod_clock, sleep=agcod_guard.pass_time
        )(client.create)
        agcod_simulator.break_("F500")
        assert order("Acmes0001", 25, "GBP").result == "F500 GeneralError"

        agcod_guard.bring_down("eu")
        with pytest.raises(AgcodOutageError, match="Acmes/eu"):
            order("Acmes0002", 25, "GBP")

    ids = [entry.request_id for entry in agcod_simulator.log]
    assert ids.count("Acmes0001") > 3
    assert ids.count("Acmes0002") == 1
