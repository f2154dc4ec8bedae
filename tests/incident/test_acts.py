"""What people did, as it is kept."""

import msgspec
import pytest

from agcod_guard.incident.acts import (
    LONGEST_TEXT,
    Acknowledged,
    Act,
    Answered,
    Approved,
    SentByHand,
    redacted,
)

ID = "20261122T111505Z-eu-ab12"
ACTS = [
    Acknowledged(incident_id=ID, at_s=1.5, by="Ada Example", note="on it"),
    SentByHand(incident_id=ID, at_s=2.0, tier=1, message_id="<a.b@shop.invalid>"),
    Approved(incident_id=ID, at_s=3.0, tier=2, by="Ada Example"),
    Answered(incident_id=ID, at_s=4.0, item="recent changes", text="None since May."),
]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: type(act).__name__)
def test_an_act_comes_back_as_what_it_was(act):
    assert msgspec.json.decode(msgspec.json.encode(act), type=Act) == act


@pytest.mark.parametrize("act", ACTS, ids=lambda act: type(act).__name__)
def test_what_holds_no_secret_is_kept_word_for_word(act):
    assert redacted(act) == act


def test_a_claim_code_that_a_person_typed_is_not_kept():
    act = Answered(
        incident_id=ID, at_s=1.0, item="recent changes", text="AAAA-BBBBBB-CCCC"
    )
    told = Acknowledged(incident_id=ID, at_s=1.0, by="AAAA-BBBBBB-CCCC")

    assert "BBBBBB" not in redacted(act).text
    assert "BBBBBB" not in redacted(told).by


def test_what_a_person_typed_is_cut():
    act = Acknowledged(incident_id=ID, at_s=1.0, by="Ada", note="word " * 10_000)

    assert len(redacted(act).note) == LONGEST_TEXT
