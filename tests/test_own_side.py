"""Our own side breaks under a guard at work: told to us, and to nobody else."""

from __future__ import annotations

from contextlib import suppress

import pytest
import requests
from partner import START_S, Partner, settings
from prometheus_client import CollectorRegistry

from agcod_guard import Call, Endpoint, Guard, Outcome
from agcod_guard.call import Environment
from agcod_guard.clock import ManualClock
from agcod_guard.incident.verdict import Verdict
from agcod_guard.outage.state import Phase
from agcod_guard.replaying import replayed

URL = "http://agcod.example.invalid/CreateGiftCard"
GONE = "http://someone:secret@127.0.0.1:1"


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def partner(tmp_path, clock):
    partner = proxied(tmp_path, clock)
    yield partner
    partner.guard.close()


def proxied(folder, clock):
    """Return a partner all of whose calls go through a proxy that is gone."""
    registry = CollectorRegistry()
    chosen = settings(folder, hosts=["agcod.example.invalid"])
    partner = Partner(Guard(chosen, registry=registry, clock=clock), clock)
    partner.registry = registry
    partner.session.trust_env = False
    partner.session.proxies = {"http": GONE}
    return partner


def succeeded(clock):
    return Call(
        endpoint=Endpoint("local", Environment.LOOPBACK),
        operation="CreateGiftCard",
        outcome=Outcome.SUCCESS,
        started_at_s=clock.wall_s(),
        duration_s=0.0,
        partner_id="Acmes",
    )


def fail(partner, seconds):
    """Send an order a second through the proxy that is gone; look after each."""
    for second in range(seconds):
        with suppress(requests.ConnectionError):
            partner.session.post(
                URL,
                json={"partnerId": "Acmes", "creationRequestId": f"Acmes{second:05}"},
                timeout=2,
            )
        partner.clock.advance(1.0)
        partner.look()
        partner.guard._parts.path.wait(5.0)


def test_a_proxy_that_is_gone_makes_no_incident(tmp_path, partner):
    fail(partner, 240)

    assert Phase.OUTAGE not in [each.after for each in partner.seen]
    assert not list(tmp_path.glob("incidents/*"))
    assert "the proxy 127.0.0.1:1 cannot be reached: refused" in (
        partner.guard.status().scopes[0].reason
    )


def own_side_news(caplog):
    return [
        record.agcod_guard["event"]
        for record in caplog.records
        if record.agcod_guard["event"].startswith("own_side")
    ]


def test_it_is_told_once_also_over_a_restart(tmp_path, clock, partner, caplog):
    caplog.set_level("INFO", logger="agcod_guard")
    fail(partner, 60)
    assert own_side_news(caplog) == ["own_side.broken"]

    partner.guard.close()
    again = proxied(tmp_path, clock)
    fail(again, 60)

    assert own_side_news(caplog) == ["own_side.broken"]
    again.guard.record(succeeded(clock))
    again.clock.advance(5.0)
    again.look()
    assert own_side_news(caplog) == ["own_side.broken", "own_side.mended"]
    again.guard.close()


def test_the_verdict_stands_in_the_status(partner):
    fail(partner, 60)

    (scope,) = partner.guard.status().scopes
    assert scope.verdict is Verdict.OURS
    assert scope.verdict_reasons == (
        "The proxy 127.0.0.1:1 cannot be reached: refused (tried from shop-1).",
    )


def test_the_gauge_shows_it(partner):
    fail(partner, 60)

    labels = {"account": "Acmes", "endpoint": "local-loopback"}
    assert partner.registry.get_sample_value("agcod_own_side", labels) == 1


def test_the_proxys_password_is_kept_nowhere(tmp_path, partner):
    fail(partner, 30)

    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"127.0.0.1:1" in kept
    assert b"secret" not in kept


def test_a_replay_of_the_journal_says_the_same(tmp_path, partner):
    fail(partner, 240)
    partner.guard.flush()

    replay = replayed(tmp_path)

    assert replay.incidents == ()
    assert [each.after for each in replay.transitions] == [
        each.after for each in partner.seen
    ]
