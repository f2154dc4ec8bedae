from __future__ import annotations

import os
import random
import threading
from decimal import Decimal

import pytest
from doubles import ListJournal, ListObserver

from agcod_guard.call import Call, Endpoint, Outcome
from agcod_guard.clock import ManualClock
from agcod_guard.frames import encoded
from agcod_guard.open_call import OpenCall
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.recorder import UNREAD_S, Recorder

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
BODY = (
    b'{"creationRequestId":"Acmes0001","partnerId":"Acmes",'
    b'"value":{"currencyCode":"GBP","amount":12.5}}'
)
SUCCESS = b'{"status":"SUCCESS","gcClaimCode":"AAAA-BBBBBB-CCCC"}'
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAFAKEFAKEFAKEFAKE/x"}
START_S = 1_800_000_000.0


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def journal():
    return ListJournal()


@pytest.fixture
def observer():
    return ListObserver()


@pytest.fixture
def made(journal, observer, clock):
    def recorder():
        return Recorder(
            journal,
            observer,
            clock,
            hosts={},
            partner_id="Settings1",
            source="till-7",
            policy=OutagePolicy(),
        )

    return recorder


@pytest.fixture
def recorder(made):
    return made()


@pytest.fixture
def begin(recorder):
    def begun(body=BODY, **given):
        return recorder.begin(
            method="POST", url=AGCOD_URL, headers=SIGNED, body=body, **given
        )

    return begun


def test_a_begin_frame_says_what_was_asked(journal, begin):
    begin(probe=True)

    (frame,) = journal.begins
    assert (frame.account, frame.endpoint) == ("Acmes", "eu")
    assert (frame.operation, frame.request_id) == ("CreateGiftCard", "Acmes0001")
    assert (frame.amount, frame.currency) == (Decimal("12.5"), "GBP")
    assert frame.probe
    assert frame.wall_ns == frame.mono_ns == int(START_S * 1e9)
    assert len(frame.call_id) == 16


def test_an_end_frame_stands_alone(recorder, journal, observer, clock, begin):
    opened = begin()
    recorder.answered(opened, status=200, headers={}, attempts=2)
    clock.advance(1.5)
    recorder.end(opened, body=SUCCESS)

    (frame,) = journal.ends
    assert (frame.account, frame.request_id) == ("Acmes", "Acmes0001")
    assert (frame.outcome, frame.status) == (Outcome.SUCCESS, 200)
    assert (frame.duration_s, frame.attempts) == (1.5, 2)
    assert frame.mono_ns == int((START_S + 1.5) * 1e9)
    assert observer.calls[0].call_id == frame.call_id == journal.begins[0].call_id
    assert frame.source == ""  # the segment's header says it
    assert "AAAA" not in repr(frame)


def test_a_second_end_is_ignored(recorder, journal, observer, begin):
    opened = begin()
    recorder.end(opened, error=TimeoutError())
    recorder.end(opened, body=SUCCESS)

    assert [frame.outcome for frame in journal.ends] == [Outcome.NO_ANSWER]
    assert len(observer.calls) == 1


def test_of_many_threads_that_end_a_call_one_does(recorder, journal, begin):
    opened, together = begin(), threading.Barrier(8)

    def end():
        together.wait()
        recorder.end(opened)

    threads = [threading.Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(journal.ends) == 1


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_step_of_the_wall_clock_does_not_change_a_duration(
    recorder, journal, clock, begin, step_s
):
    opened = begin()
    clock.advance(2.0)
    clock.step_wall(step_s)
    recorder.end(opened)

    assert journal.ends[0].duration_s == 2.0
    assert journal.ends[0].wall_ns == int((START_S + 2.0 + step_s) * 1e9)


def test_the_account_of_the_settings_stands_in_where_a_request_names_none(
    recorder, journal, observer, begin
):
    recorder.end(begin(body=b""))

    assert journal.begins[0].account == journal.ends[0].account == "Settings1"
    assert observer.calls[0].partner_id == "Settings1"


def test_call_ids_never_repeat_and_leave_the_partners_random_numbers_alone(
    journal, begin
):
    random.seed(7)
    expected = random.random()
    random.seed(7)
    for _ in range(1_000):
        begin()

    assert len({frame.call_id for frame in journal.begins}) == 1_000
    assert random.random() == expected


def test_two_recorders_do_not_share_call_ids(journal, made):
    for recorder in (made(), made()):
        recorder.begin(method="POST", url=AGCOD_URL, headers={}, body=BODY)

    first, second = journal.begins
    assert first.call_id != second.call_id


def test_a_forked_child_has_call_ids_of_its_own_and_none_of_the_parents_calls(
    recorder, journal, clock, begin
):
    waiting = begin()
    recorder.answered(waiting, status=200, headers={})
    recorder.await_body(waiting)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        journal.frames.clear()
        clock.advance(UNREAD_S)
        recorder.sweep()
        os.write(writer, f"{begin().begun.call_id}{len(journal.ends)}".encode())
        os._exit(0)
    os.waitpid(child, 0)

    said = os.read(reader, 64).decode()
    os.close(reader)
    os.close(writer)
    assert said[:16] != begin().begun.call_id
    assert said[16:] == "0"


def test_an_answer_that_nobody_reads_ends_when_its_head_came(
    recorder, journal, clock, begin
):
    opened = begin()
    clock.advance(1.0)
    recorder.answered(opened, status=500, headers={})
    recorder.await_body(opened)
    clock.advance(UNREAD_S - 0.1)
    recorder.sweep()
    assert journal.ends == []
    clock.advance(0.1)
    recorder.sweep()
    recorder.sweep()

    (frame,) = journal.ends
    assert (frame.outcome, frame.duration_s) == (Outcome.FAULT, 1.0)
    assert frame.mono_ns == int((START_S + 1.0) * 1e9)


def test_an_answer_that_was_left_ends_with_the_next_look(
    recorder, journal, clock, begin
):
    opened = begin()
    recorder.answered(opened, status=503, headers={})
    recorder.await_body(opened)
    clock.advance(1.0)
    recorder.left_unread(opened)
    assert journal.ends == []

    recorder.sweep()
    clock.advance(UNREAD_S)
    recorder.sweep()

    assert [(end.outcome, end.duration_s) for end in journal.ends] == [
        (Outcome.FAULT, 0.0)
    ]


def test_the_body_of_an_answer_that_was_left_is_judged(recorder, journal, begin):
    opened = begin()
    recorder.answered(opened, status=400, headers={})

    recorder.left_unread(opened, body=b'{"errorCode":"F500"}')
    recorder.sweep()

    assert [end.error_code for end in journal.ends] == ["F500"]


def test_the_last_look_waits_for_no_reader(recorder, journal, begin):
    opened = begin()
    recorder.answered(opened, status=403, headers={})
    recorder.await_body(opened)

    recorder.sweep(last=True)

    assert [end.outcome for end in journal.ends] == [Outcome.DENIED]


def test_a_body_that_is_being_read_may_take_its_time(recorder, journal, clock, begin):
    opened = begin()
    recorder.answered(opened, status=200, headers={})
    recorder.await_body(opened)
    recorder.reading(opened)
    clock.advance(10 * UNREAD_S)
    recorder.sweep()

    assert journal.ends == []


def test_answers_that_nobody_reads_do_not_pile_up(
    recorder, journal, begin, monkeypatch
):
    monkeypatch.setattr("agcod_guard.recorder._MOST_UNREAD", 2)
    for _ in range(3):
        opened = begin()
        recorder.answered(opened, status=200, headers={})
        recorder.await_body(opened)

    assert len(journal.ends) == 1


def test_a_call_without_a_timeout_is_told_once(recorder, observer, begin):
    recorder.sent_without_timeout(begin())
    recorder.sent_without_timeout(begin())

    assert observer.without_timeout == ["CreateGiftCard"]


def test_a_call_that_somebody_else_classified_is_filled_in(
    recorder, journal, observer, clock
):
    call = Call(
        endpoint=Endpoint("eu"),
        operation="CreateGiftCard",
        outcome=Outcome.FAULT,
        started_at_s=START_S - 3605.0,
        duration_s=2.0,
        message="claim AAAA-BBBBBB-CCCC " + "and so on " * 100,
    )
    clock.step_wall(-3600.0)

    recorder.record(call)

    (frame,) = journal.ends
    assert (frame.account, frame.source) == ("Settings1", "till-7")
    assert frame.wall_ns == int((START_S - 3603.0) * 1e9)
    assert frame.mono_ns == int((START_S - 3.0) * 1e9)
    assert len(frame.call_id) == 16
    assert "BBBBBB" not in frame.message
    assert len(frame.message) <= 300
    assert observer.calls[0].call_id == frame.call_id


def test_what_a_recorded_call_says_of_itself_stays(recorder, observer):
    call = Call(
        endpoint=Endpoint("na"),
        operation="GetAvailableFunds",
        outcome=Outcome.SUCCESS,
        started_at_s=START_S - 1.0,
        duration_s=0.1,
        call_id="00000000000000aa",
        partner_id="Other",
        source="till-9",
        probe=True,
    )

    recorder.record(call)

    assert observer.calls == [call]


def test_a_recorded_call_cannot_end_in_the_future(recorder, journal, clock):
    recorder.record(
        Call(
            endpoint=Endpoint("eu"),
            operation="CreateGiftCard",
            outcome=Outcome.SUCCESS,
            started_at_s=clock.wall_s() + 3600,
            duration_s=0.0,
        )
    )

    [end] = journal.frames
    assert end.wall_ns == int(clock.wall_s() * 1e9)
    assert end.mono_ns == int(clock.monotonic_s() * 1e9)


def test_a_recorded_call_keeps_no_secret_whatever_its_field(recorder, journal):
    code = "AAAA-BBBBBB-CCCC"
    recorder.record(
        Call(
            endpoint=Endpoint("eu"),
            operation=code,
            outcome=Outcome.FAULT,
            started_at_s=1.0,
            duration_s=0.0,
            partner_id=code,
            request_id=f"lost {code}\ud800",
            error_type=code,
            message=code,
            amzn_request_id=code,
            currency=code,
            card_serial="1400000000000000123",
            source=code,
            exception=code,
        )
    )

    [end] = journal.frames
    assert code.encode() not in encoded(end)
    assert end.card_serial == "1400000000000000"


def test_a_call_that_makes_no_sense_is_contained(recorder, observer, swallowed):
    recorder.record("not a call")

    assert [stage for stage, _ in swallowed] == ["recorder.record"]
    assert len(observer.errors) == 1


@pytest.mark.parametrize(
    ("body", "request_id"),
    [
        (BODY, "Acmes0001"),
        (BODY.decode(), "Acmes0001"),
        (bytearray(BODY), "Acmes0001"),
        (memoryview(BODY), "Acmes0001"),
        (iter([BODY]), None),
        (None, None),
        ("\ud800", None),
    ],
)
def test_only_a_body_that_is_there_is_looked_at(journal, begin, body, request_id):
    begin(body=body)

    assert journal.begins[0].request_id == request_id


def test_an_open_call_shows_nothing_of_the_request(begin):
    opened = begin()

    assert isinstance(opened, OpenCall)
    assert "AKIA" not in repr(opened)
    assert "Acmes" not in f"{opened!s}{opened!r}"


def test_the_samples_of_failing_calls_are_written_by_whoever_asks(
    recorder, journal, begin
):
    recorder.end(begin(), error=TimeoutError())
    assert journal.samples == []

    recorder.write_samples()

    assert [sample.call_id for sample in journal.samples] == [journal.ends[0].call_id]


@pytest.mark.parametrize(
    ("part", "act"),
    [
        ("_samples", lambda recorder: recorder.write_samples()),
        ("_unread", lambda recorder: recorder.sweep()),
    ],
)
def test_the_helper_thread_is_spared_our_errors(
    recorder, observer, swallowed, part, act
):
    setattr(recorder, part, None)

    act(recorder)

    assert len(swallowed) == len(observer.errors) == 1
