"""The ground-truth log."""

from __future__ import annotations

from agcod_guard.simulator.truth import PENDING, TruthLog


def received(log, at_s=1.0):
    return log.received(
        region="eu",
        operation="CreateGiftCard",
        request_id="Acmes1",
        partner_id="Acmes",
        at_s=at_s,
    )


def test_an_entry_is_there_before_its_answer_is():
    log = TruthLog()

    received(log)

    [entry] = log.entries()
    assert (entry.answered, entry.answered_at_s) == (PENDING, None)


def test_what_becomes_known_goes_into_the_entry_it_is_about():
    log = TruthLog()
    received(log)
    second = received(log)

    log.complete(second, answered="SUCCESS", answered_at_s=2.0, card_created=True)

    assert [entry.answered for entry in log.entries()] == [PENDING, "SUCCESS"]
    assert [entry.sequence for entry in log.entries(since=1)] == [second]


def test_only_the_newest_entries_are_kept_and_completed():
    log = TruthLog(limit=2)
    forgotten = received(log)
    kept = [received(log), received(log)]

    log.complete(forgotten, answered="SUCCESS")
    log.complete(kept[0], answered="F500 GeneralError")

    assert [entry.sequence for entry in log.entries()] == kept
    assert [entry.answered for entry in log.entries()] == ["F500 GeneralError", PENDING]
