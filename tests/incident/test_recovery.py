"""The end of an outage is told with its totals, and never to the pager."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agcod_guard.incident.escalation import SentPage
from agcod_guard.incident.message import Mail, NeverToThePager
from agcod_guard.incident.page import page_id
from agcod_guard.incident.recovery import NotOver, recovery_mail
from agcod_guard.incident.routing import to_pager
from agcod_guard.protocol.contacts import Contact, Contacts
from agcod_guard.protocol.failures import Door

START_S = 1_795_346_105.123
END_S = START_S + 2_886
TO = ("ann@example.invalid",)
TEXT = """\
AGCOD Europe has worked again for partner Acmes (UK) since
2026-11-22 12:03:11 GMT. It was down for 48 min 6 s: 30 calls for 30 different
orders failed with F500 GeneralError.

Of these, 20 gift card orders worth GBP 500.00 have not been delivered yet.

Thank you. If you know the cause, please reply to this mail and tell us.

First failed response: 2026-11-22 11:15:05 GMT
First success after it: 2026-11-22 12:03:11 GMT
Stable, watched until: 2026-11-22 12:08:11 GMT
Failed: 30 calls, 30 different orders

Contact name: Zoë Example
Contact phone number: +44 20 5550 0100
Contact email: oncall@example.invalid
"""


@pytest.fixture
def over(incident, reporter, call, success, dossier, briefed):
    """An outage of thirty orders, of which ten have succeeded since."""
    ended = replace(incident, first_success_at_s=END_S, resolved_at_s=END_S + 300)
    failed = [call(number) for number in range(30)]
    later = [success(number, at_s=END_S + number) for number in range(10)]
    return briefed(ended, dossier(ended, failed, later), reporter, now_s=END_S + 300)


def told(briefing, head, **changes: object) -> Mail:
    return recovery_mail(briefing, head, **{"to": TO, "now_s": END_S + 300} | changes)


def test_the_end_is_told_with_its_time_and_totals(over, head):
    mail = told(over, head)

    assert mail.text == TEXT
    assert mail.to == TO
    assert mail.subject == (
        "AGCOD outage over for Acmes (UK) since 2026-11-22 12:03:11 GMT "
        "[20261122T111505Z-eu-3f9a]"
    )


def test_when_every_order_has_succeeded_since_that_is_said(
    over, head, call, success, dossier
):
    failed = [call(number) for number in range(30)]
    later = [success(number, at_s=END_S + number) for number in range(30)]
    all_done = replace(over, dossier=dossier(over.incident, failed, later))

    assert "Every order that failed has succeeded since." in told(all_done, head).text


def test_while_it_is_still_being_watched_and_has_come_back_once_that_is_said(
    over, head
):
    incident = replace(over.incident, resolved_at_s=None, relapses=2)

    text = told(replace(over, incident=incident), head).text

    assert "watched until" not in text
    assert "Relapses meanwhile: 2\n" in text


def test_it_is_filed_under_the_pages_that_were_sent(over, head):
    first = SentPage(tier=1, at_s=START_S + 190)
    second = replace(first, tier=2, message_id="<given@example.invalid>")

    mail = told(over, head, sent=(first, second))

    assert mail.thread == (page_id(over.incident, 1, head), "<given@example.invalid>")


def test_a_draft_for_nobody_in_particular_has_no_reader(over, head):
    assert b"\r\nTo:" not in told(over, head, to=()).draft()


def test_what_a_person_noted_and_is_no_address_does_not_stop_it(over, head):
    noted = ("ann@example.invalid.", "Ann", "x@y\r\nBcc: z@example.invalid")

    assert told(over, head, to=(*noted, *TO)).to == TO


@pytest.mark.parametrize("tier", [1, 2, 3])
@pytest.mark.parametrize("beside", [(), TO])
def test_it_never_goes_to_the_pager(over, head, tier, beside):
    with pytest.raises(NeverToThePager):
        told(over, head, to=(*beside, *to_pager(head.contacts, tier).to))


def test_it_never_goes_to_a_pager_of_the_partners_own_settings(over, head):
    row = Contact(door=Door.URGENT, tier=2, address="t2@example.invalid", source="us")
    own = replace(head, contacts=head.contacts.replaced_by(Contacts((row,))))

    for address in ("t2@example.invalid", "T2@EXAMPLE.invalid"):
        with pytest.raises(NeverToThePager):
            told(over, own, to=(address,))
    with pytest.raises(NeverToThePager):
        told(over, own, to=("amazon-agcod-partner-urgent-t2@amazon.com",))


def test_an_outage_that_is_not_over_has_no_such_mail(briefing, head):
    with pytest.raises(NotOver, match="no call has succeeded yet"):
        told(briefing, head)


def test_a_drills_end_says_that_it_is_a_drill(over, head):
    incident = replace(over.incident, drill=True)

    text = told(replace(over, incident=incident), head).text

    assert text.startswith("NOT FOR THE PAGER - THIS IS A DRILL")
