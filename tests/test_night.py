"""One night, from the first failure to the mail that it is over.

The times are those of Amazon's own process, the mails go to an SMTP server in a
process of its own, and only the clock is moved by hand.
"""

from __future__ import annotations

import email
import email.policy
import io
import mailbox
import socket
import subprocess
import sys
import time

import pytest
import requests
from partner import START_S, fault, guarded, success

from agcod_guard.cli.ack import acknowledge
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder

ORDER_EVERY_S = 10.0


@pytest.fixture
def mails(tmp_path):
    """Where a real SMTP server, listening on `mails.port`, puts what it is sent."""
    folder = tmp_path / "mails"
    mailbox.Maildir(str(folder), create=True)
    port = _free_port()
    server = subprocess.Popen(
        [
            sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}",
            "-c", "aiosmtpd.handlers.Mailbox", str(folder),
        ]
    )  # fmt: skip
    _wait_for(port)
    yield Delivered(folder, port)
    server.terminate()
    server.wait(10)


class Delivered:
    """The mails that have arrived, the oldest first."""

    def __init__(self, folder, port):
        self._folder, self.port = folder, port

    def __iter__(self):
        found = [
            email.message_from_bytes(each.as_bytes(), policy=email.policy.default)
            for each in mailbox.Maildir(str(self._folder))
        ]
        return iter(sorted(found, key=lambda mail: mail["Date"].datetime))

    @property
    def recipients(self):
        return [str(mail["To"]) for mail in self]


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the SMTP server does not listen")


def _no_answer():
    raise requests.ReadTimeout


@pytest.fixture
def partner(tmp_path, mails):
    partner = guarded(
        tmp_path / "data",
        ManualClock(START_S),
        page={"mode": "live"},
        env={"AGCOD_GUARD_LIVE": "1"},
        fleet={"single_host": True},
        smtp={
            "host": "127.0.0.1",
            "port": mails.port,
            "security": "none",
            "sender": "guard@shop.invalid",
        },
        own={"addresses": ["finance@shop.invalid"]},
    )
    partner.guard.set_probe(_no_answer, partner_id="Acmes", endpoint="eu")
    yield partner
    partner.guard.close()


def sells(partner, minutes, answer):
    """Take an order every ten seconds for so long."""
    for _ in range(round(minutes * 60 / ORDER_EVERY_S)):
        partner.order(answer)
        partner.clock.advance(ORDER_EVERY_S)
        partner.look()
        for prober in partner.guard._rounds._probers.values():
            prober.wait(5.0)
        partner.guard._parts.post.postman.wait(10.0)


def test_the_night_from_the_first_failure_to_the_end(partner, mails):
    sells(partner, 5, success())
    sells(partner, 2, fault("F500"))
    assert mails.recipients == []  # not yet: AGCOD's own blips last up to 90 s

    sells(partner, 2, fault("F500"))
    assert mails.recipients == ["urgent-t1@amazon.invalid"]
    (first,) = mails
    assert first["Reply-To"] == "ada@example.invalid"
    body = first.get_body().get_content()
    assert "Timestamp of first failed response: 2026-11-22 11:20:05 GMT" in body

    sells(partner, 28, fault("F500"))
    assert len(mails.recipients) == 1
    sells(partner, 3, fault("F500"))
    assert mails.recipients[1:] == ["urgent-t2@amazon.invalid"]
    _, second = mails
    waited_s = (second["Date"].datetime - first["Date"].datetime).total_seconds()
    assert 1800 <= waited_s <= 1800 + 2 * ORDER_EVERY_S
    assert second["References"] == first["Message-ID"]

    folder = DataFolder(settings=partner.guard.settings, clock=partner.clock)
    acknowledge(folder, "latest", io.StringIO(), by="Grace <grace@example.invalid>")
    sells(partner, 40, fault("F500"))
    assert len(mails.recipients) == 2

    sells(partner, 7, success())
    assert mails.recipients[2:] == ["finance@shop.invalid"]
    *_, over = mails
    assert "It was down for" in over.get_body().get_content()
    (incident,) = folder.ladder().incidents()
    drafts = folder.packets().newest(incident.incident_id)
    recovery = email.message_from_bytes(
        drafts["recovery.eml"].read_bytes(), policy=email.policy.default
    )
    assert recovery["To"] == "grace@example.invalid"
    assert not any(name.startswith("urgent") for name in drafts)
