"""How far the pager has been written to, from acts and the outbox."""

from __future__ import annotations

from agcod_guard.incident.acts import (
    BUSINESS_ACTION,
    RECENT_CHANGES,
    Acknowledged,
    Answered,
    Approved,
    SentByHand,
)
from agcod_guard.incident.escalation import How, SentPage
from agcod_guard.incident.parcel import Entry, Parcel, Progress, Purpose, State
from agcod_guard.incident.pursuit import answer_to, is_approved, pursuit_of

NAME = "20261122T111505Z-eu-3f9a"


def entry(state: State, **changes: object) -> Entry:
    facts: dict[str, object] = {
        "key": f"{NAME}/t1",
        "incident_id": NAME,
        "channel": "smtp",
        "content": b"",
        "intended_at_s": 10.0,
        "purpose": Purpose.PAGE,
        "tier": 1,
        "recipients": ("urgent-t1@amazon.invalid",),
        "message_id": "<a@example.invalid>",
    }
    parcel = Parcel(**(facts | changes))  # type: ignore[arg-type]
    return Entry(parcel, Progress(state=state, changed_at_s=20.0))


def pursuit(acts=(), entries=()):
    return pursuit_of(
        acts, entries, last_failed_at_s=1.0, last_success_at_s=None, held=False
    )


def test_an_accepted_page_counts_from_when_the_server_took_it():
    assert pursuit(entries=[entry(State.SENT)]).sent == (
        SentPage(tier=1, at_s=20.0, how=How.MAIL, message_id="<a@example.invalid>"),
    )


def test_a_page_that_may_not_have_gone_counts_as_not_sent():
    states = [each for each in State if each is not State.SENT]

    assert pursuit(entries=[entry(state) for state in states]).sent == ()


def test_a_notice_is_no_page():
    notice = entry(State.SENT, purpose=Purpose.NOTICE, tier=2)

    assert pursuit(entries=[notice]).sent == ()


def test_a_mail_sent_by_hand_counts_from_when_the_person_says():
    sent = SentByHand(incident_id=NAME, at_s=5.0, tier=2, message_id="<b@x.invalid>")

    assert pursuit(acts=[sent]).sent == (
        SentPage(tier=2, at_s=5.0, how=How.BY_HAND, message_id="<b@x.invalid>"),
    )


def test_what_stopped_the_clock_is_told():
    ack = Acknowledged(incident_id=NAME, at_s=1.0, by="Ada")

    assert pursuit(acts=[ack]).acknowledged == ack
    assert pursuit().acknowledged is None


def test_a_yes_is_for_one_tier():
    acts = [Approved(incident_id=NAME, at_s=1.0, tier=2)]

    assert [is_approved(acts, tier) for tier in (1, 2, 3)] == [False, True, False]


def test_the_newest_answer_to_an_item_counts_and_an_empty_one_takes_it_back():
    def answer(text: str, item: str = BUSINESS_ACTION) -> Answered:
        return Answered(incident_id=NAME, at_s=1.0, item=item, text=text)

    acts = [answer("sale stopped"), answer("sold by hand")]

    assert answer_to(acts, BUSINESS_ACTION) == "sold by hand"
    assert answer_to(acts, RECENT_CHANGES) is None
    assert answer_to([*acts, answer("")], BUSINESS_ACTION) is None
