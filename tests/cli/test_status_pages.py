"""What `status` says of the mails to Amazon while an incident is open."""

from __future__ import annotations

import io
import json

import pytest
from partner import START_S, fault, guarded, settings, success

from agcod_guard.cli.ack import acknowledge
from agcod_guard.cli.sent import note_sent
from agcod_guard.cli.status import show_status
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder

TENTH = {"hold_s": 18.0, "clear_s": 10.0, "escalate_after_s": 180.0, "late_s": 0.2}


@pytest.fixture
def lived(tmp_path):
    clock = ManualClock(START_S)
    partner = guarded(tmp_path / "data", clock, policy=TENTH)
    partner.sell(5, success())
    partner.sell(25, fault("F500"))
    partner.guard.flush()
    folder = DataFolder(settings=settings(tmp_path / "data"), clock=clock)
    yield partner, folder
    partner.guard.close()


def told(folder):
    out = io.StringIO()
    show_status(folder, out)
    return out.getvalue()


def facts(folder):
    out = io.StringIO()
    show_status(folder, out, as_json=True)
    return json.loads(out.getvalue())["pages"]


def test_it_says_which_tier_is_due(lived):
    _, folder = lived

    assert ": The outage stands; tier 1 has not been written to." in told(folder)
    (page,) = facts(folder)
    assert (page["due_tier"], page["sent"]) == (1, [])


def test_it_says_when_the_next_one_is(lived):
    _, folder = lived
    note_sent(folder, "latest", io.StringIO(), tier=1)

    assert ": Tier 2 is due at 2026-11-22 11:18:35 GMT." in told(folder)
    (page,) = facts(folder)
    assert [(each["tier"], each["how"]) for each in page["sent"]] == [(1, "by hand")]


def test_it_says_who_has_answered(lived):
    _, folder = lived
    acknowledge(folder, "latest", io.StringIO(), by="Grace")

    assert ": Acknowledged by Grace at 2026-11-22 11:15:35 GMT." in told(folder)
    assert facts(folder)[0]["acknowledged_by"] == "Grace"


def test_once_it_is_over_no_mail_is_spoken_of(lived):
    partner, folder = lived
    partner.sell(20, success())

    assert facts(folder) == []
