"""Our own harmless test calls: when they are made, and what they prove."""

from __future__ import annotations

import pytest
import requests
import responses
from partner import START_S, fault, guarded, success
from prometheus_client import CollectorRegistry

from agcod_guard import Endpoint, Guard, Settings, SettingsError
from agcod_guard.clock import ManualClock

FUNDS = "https://agcod-v2-eu.amazon.com/GetAvailableFunds"
DOWN = fault("F500")


class Probe:
    """A partner's test call, through its guarded session or around it."""

    def __init__(self, partner, *, answer, is_guarded=True):
        self.answer, self.times_s, self._partner = answer, [], partner
        self._session = partner.session if is_guarded else requests.Session()

    def __call__(self):
        self.times_s.append(self._partner.clock.monotonic_s() - START_S)
        with responses.RequestsMock() as agcod:
            if isinstance(self.answer, Exception):
                agcod.post(FUNDS, body=self.answer)
            else:
                status = 200 if self.answer.get("status") == "SUCCESS" else 400
                agcod.post(FUNDS, json=self.answer, status=status)
            return self._session.post(FUNDS, json={"partnerId": "Acmes"}, timeout=6)


@pytest.fixture
def partner(tmp_path):
    partner = guarded(tmp_path, ManualClock(START_S))
    yield partner
    partner.guard.close()


def wait(partner, seconds):
    """Let time pass, and every test call of it end."""
    for _ in range(seconds):
        partner.clock.advance(1.0)
        partner.look()
        for prober in partner.guard._rounds._probers.values():
            prober.wait(10.0)


def registered(partner, **changes):
    probe = Probe(partner, **{"answer": DOWN} | changes)
    partner.guard.set_probe(probe, partner_id="Acmes", endpoint="eu")
    return probe


def evidence(partner):
    [scope] = partner.guard.status().scopes
    return scope


def test_while_all_is_well_none_is_made(partner):
    probe = registered(partner)

    partner.sell(60, success())
    wait(partner, 600)

    assert probe.times_s == []


def test_they_begin_10_s_after_the_first_failure_and_come_every_5_s(partner):
    probe = registered(partner)
    partner.order(DOWN)

    wait(partner, 30)

    assert probe.times_s == [10, 15, 20, 25, 30]


def test_one_success_of_them_ends_the_run(partner):
    probe = registered(partner, answer=success())
    partner.order(DOWN)

    wait(partner, 60)

    assert probe.times_s == [10]
    assert evidence(partner).first_failed_at_s is None


@pytest.mark.parametrize("is_guarded", [True, False])
def test_at_three_calls_an_hour_the_incident_opens_with_the_second_order(
    tmp_path, partner, is_guarded
):
    registered(partner, is_guarded=is_guarded)
    partner.order(DOWN)
    wait(partner, 1200)
    assert "OUTAGE" not in partner.phases

    partner.order(DOWN)
    wait(partner, 1)

    assert partner.phases == ["SUSPECT", "OUTAGE"]
    [incident] = partner.guard._parts.ladder.incidents()
    assert incident.confirmed
    assert incident.first_failed_at_s == START_S
    packet = next(tmp_path.glob("incidents/*/packet.txt")).read_text("utf-8")
    assert "UNCONFIRMED" not in packet


def test_once_it_is_an_outage_they_come_every_30_s(partner):
    probe = registered(partner)
    for _ in range(20):
        partner.order(DOWN)
        wait(partner, 10)
    assert partner.phases[-1] == "OUTAGE"
    probe.times_s.clear()

    wait(partner, 120)

    gaps = [b - a for a, b in zip(probe.times_s, probe.times_s[1:], strict=False)]
    assert gaps == [30, 30, 30]


def test_they_never_open_an_incident_alone(partner):
    registered(partner)
    partner.order(DOWN)

    wait(partner, 3600)

    assert "OUTAGE" not in partner.phases


@pytest.mark.parametrize(
    "answer", [fault("F300", "InsufficientFunds"), {"message": "Rate exceeded"}]
)
def test_a_refused_one_says_nothing(partner, answer):
    registered(partner, answer=answer)
    for _ in range(3):
        partner.order(DOWN)

    wait(partner, 60)

    assert evidence(partner).failed == 3


def test_what_its_client_raises_is_no_answer(partner):
    registered(partner, answer=requests.ReadTimeout("no answer"))
    partner.order(DOWN)

    wait(partner, 11)

    assert (evidence(partner).failed, evidence(partner).silent) == (2, 1)


def test_one_that_is_broken_itself_proves_nothing_and_is_told(partner, swallowed):
    def broken():
        raise KeyError("secret_key")

    partner.guard.set_probe(broken, partner_id="Acmes", endpoint="eu")
    partner.order(DOWN)

    wait(partner, 11)

    assert evidence(partner).failed == 1
    assert [(stage, type(error)) for stage, error in swallowed] == [("probe", KeyError)]


def test_only_one_process_makes_them_even_if_another_acts(tmp_path):
    clock = ManualClock(START_S)
    acting, other = guarded(tmp_path, clock), guarded(tmp_path, clock)
    acting.look()
    first = registered(other)
    second = registered(acting)
    other.order(DOWN)

    for _ in range(30):
        clock.advance(1.0)
        for partner in (other, acting):
            partner.look()
            for prober in partner.guard._rounds._probers.values():
                prober.wait(10.0)
    assert first.times_s == [10, 15, 20, 25, 30]
    assert second.times_s == []

    other.guard.close()
    wait(acting, 11)
    acting.guard.close()

    assert second.times_s == [35, 40]


@pytest.mark.parametrize("endpoint", ["moon", "eu-west-1", Endpoint("EU")])
def test_a_test_call_for_an_endpoint_that_there_is_not_is_refused(partner, endpoint):
    with pytest.raises(SettingsError, match=r"endpoint of set_probe .* one of eu, eu-"):
        partner.guard.set_probe(print, partner_id="Acmes", endpoint=endpoint)


def test_a_test_call_may_go_to_a_host_of_the_settings(partner, tmp_path):
    hosts = {"agcod.example.invalid": {"region": "uk-shop", "environment": "loopback"}}
    with Guard(
        Settings.load(env={}, data_dir=tmp_path / "other", hosts=hosts),
        registry=CollectorRegistry(),
        clock=partner.clock,
    ) as guard:
        guard.set_probe(print, partner_id="Acmes", endpoint="uk-shop-loopback")
