"""The mails of an incident as files, and for whom the last of them is."""

from __future__ import annotations

import pytest

from agcod_guard.incident.acts import Acknowledged
from agcod_guard.incident.briefing import Letterhead
from agcod_guard.incident.drafts import answerers
from agcod_guard.incident.escalation import Pursuit
from agcod_guard.incident.items import Reporter
from agcod_guard.settings.contacts import shipped_contacts

HEAD = Letterhead(contacts=shipped_contacts(), reporter=Reporter())


def for_whom(by: str, note: str = "") -> tuple[str, ...]:
    ack = Acknowledged(incident_id="x", at_s=1.0, by=by, note=note)
    return answerers(Pursuit(acknowledged=ack), HEAD)


@pytest.mark.parametrize(
    ("by", "note", "found"),
    [
        ("Grace <grace@example.invalid>", "", ("grace@example.invalid",)),
        ("Grace", "write to grace@example.invalid.", ("grace@example.invalid",)),
        ("Grace", "", ()),
        ("amazon-agcod-partner-urgent@amazon.com", "", ()),
        (
            "AMAZON-agcod-partner-urgent-t3@amazon.com",
            "really grace@example.invalid",
            ("grace@example.invalid",),
        ),
    ],
)
def test_whoever_answered_is_found_and_never_a_tier_of_the_pager(by, note, found):
    assert for_whom(by, note) == found


def test_where_nobody_answered_a_person_fills_in_the_reader():
    assert answerers(Pursuit(), HEAD) == ()
