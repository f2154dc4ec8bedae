"""Our own side breaks under a guard at work: told to us, and to nobody else."""

from __future__ import annotations

from contextlib import suppress

import pytest
import requests
from partner import START_S, guarded

from agcod_guard.clock import ManualClock
from agcod_guard.outage.state import Phase
from agcod_guard.replaying import replayed

URL = "http://agcod.example.invalid/CreateGiftCard"
GONE = "http://someone:secret@127.0.0.1:1"


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def partner(tmp_path, clock):
    partner = guarded(tmp_path, clock, hosts=["agcod.example.invalid"])
    partner.session.trust_env = False
    partner.session.proxies = {"http": GONE}
    yield partner
    partner.guard.close()


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
