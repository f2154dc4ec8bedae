"""What a postman does with what it finds, and what people hear of it."""

import os
import resource
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from multiprocessing import get_context

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parcels import INCIDENT_ID, mail, notice
from smtp_servers import SmtpServer

from agcod_guard.clock import ManualClock, SystemClock
from agcod_guard.delivery.gate import Gate
from agcod_guard.delivery.smtp import SmtpCarrier
from agcod_guard.errors import DataError, NotAllowed
from agcod_guard.incident.parcel import (
    Accepted,
    Later,
    Refused,
    State,
    Unsure,
)
from agcod_guard.mail import postman as postman_module
from agcod_guard.mail.postman import Postman
from agcod_guard.settings.mail import SmtpAccount
from agcod_guard.storage import database
from agcod_guard.storage.database import Database
from agcod_guard.storage.outbox import SqliteOutbox

NOW_S = 2000.0


class Told:
    """An observer that keeps what it is told, as (news, key or stage)."""

    def __init__(self):
        self.news, self.errors = [], []

    def internal_error(self, stage, error):
        self.errors.append((stage, error))

    def __getattr__(self, name):
        return lambda entry: self.news.append((name, entry.key))


class Carrier:
    """A carrier that does what it is told: one result a parcel."""

    deadline_s = 30.0

    def __init__(self, *results, clock=None, takes_s=0.0, asks=True):
        self.results, self.carried = list(results), []
        self._clock, self._takes_s, self._asks = clock, takes_s, asks

    def carry(self, parcel, before_data):
        if self._clock:
            self._clock.advance(self._takes_s)
        if self._asks and not before_data():
            return Later("withdrawn")
        self.carried.append(parcel)
        result = self.results.pop(0) if self.results else Accepted("250")
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture
def clock():
    return ManualClock(50.0)


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def box(tmp_path, clock):
    return SqliteOutbox(Database(tmp_path / "ladder.sqlite", clock))


@pytest.fixture
def make_postman(box, clock, told):
    def make(carrier, *, still_due=lambda entry: None, channel="smtp", outbox=box):
        return Postman(
            outbox,
            {channel: carrier},
            clock=clock,
            observer=told,
            still_due=still_due,
            owner="till-7",
        )

    return make


def state(box, key=None):
    [entry] = [each for each in box.entries() if each.key == (key or mail().key)]
    return entry.state


class TestWhatIsTold:
    @pytest.mark.parametrize(
        ("result", "news", "comes_to"),
        [
            (Accepted("250"), "mail_sent", State.SENT),
            (Later("421"), "mail_delayed", State.INTENT),
            (Refused("550"), "mail_refused", State.REFUSED),
            (Unsure("no answer"), "mail_unsure", State.UNSURE),
            (NotAllowed("a", "no b is"), "mail_refused", State.REFUSED),
        ],
    )
    def test_each_result_is_noted_and_told_once(
        self, box, told, make_postman, result, news, comes_to
    ):
        box.intend(mail())

        changed = make_postman(Carrier(result)).round(NOW_S)

        assert [entry.state for entry in changed] == [comes_to]
        assert state(box) is comes_to
        assert told.news == [(news, mail().key)]
        assert told.errors == []

    def test_an_accepted_mail_bears_the_time_at_which_it_was(
        self, box, clock, make_postman
    ):
        box.intend(mail())

        [entry] = make_postman(Carrier(clock=clock, takes_s=7.0)).round(NOW_S)

        assert entry.progress.changed_at_s == NOW_S + 7.0

    def test_one_that_never_came_back_is_told_and_sent_once_more(
        self, box, told, make_postman
    ):
        box.intend(mail())
        box.begin_sending(
            box.claim(mail().key, owner="gone", now_s=NOW_S, lease_s=60.0)
        )
        postman = make_postman(Carrier())

        assert postman.round(NOW_S) == []
        postman.round(NOW_S + 60.0)

        assert told.news == [("mail_unsure", mail().key), ("mail_sent", mail().key)]

    def test_with_nothing_due_nothing_is_said_or_written(
        self, tmp_path, told, make_postman
    ):
        assert make_postman(Carrier()).round(NOW_S) == []

        assert (told.news, told.errors) == ([], [])
        assert list(tmp_path.iterdir()) == []


class TestTheLastLook:
    def test_what_is_not_due_any_more_is_cancelled_and_no_server_is_asked(
        self, box, told, make_postman
    ):
        box.intend(mail())
        carrier = Carrier()

        make_postman(carrier, still_due=lambda entry: "calls succeed").round(NOW_S)

        [entry] = box.entries()
        assert (entry.state, entry.progress.note) == (State.CANCELLED, "calls succeed")
        assert carrier.carried == []
        assert told.news == [("mail_cancelled", mail().key)]

    def test_it_is_taken_once_more_directly_before_the_mail_leaves(
        self, box, told, make_postman
    ):
        box.intend(mail())
        answers = [None, "a call has succeeded"]
        carrier = Carrier()

        make_postman(carrier, still_due=lambda entry: answers.pop(0)).round(NOW_S)

        assert state(box) is State.CANCELLED
        assert carrier.carried == []
        assert told.news == [("mail_cancelled", mail().key)]

    def test_a_cancel_while_the_server_is_being_reached_comes_in_time(
        self, box, told, make_postman
    ):
        box.intend(mail())

        class Slow(Carrier):
            def carry(self, parcel, before_data):
                box.cancel(INCIDENT_ID, "calls succeed", at_s=NOW_S)
                return super().carry(parcel, before_data)

        carrier = Slow()
        make_postman(carrier).round(NOW_S)

        assert state(box) is State.CANCELLED
        assert carrier.carried == []

    def test_what_cannot_be_looked_at_does_not_go_and_is_tried_again(
        self, box, told, make_postman
    ):
        box.intend(mail())
        answers = [None, DataError("journal", "cannot be read", remedy="look")]

        def look(entry):
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        carrier = Carrier()
        make_postman(carrier, still_due=look).round(NOW_S)

        [entry] = box.entries()
        assert carrier.carried == []
        assert (entry.state, entry.progress.sendings) == (State.INTENT, 0)
        assert "cannot be read" in entry.progress.note

    def test_a_notice_that_could_not_be_delivered_for_a_day_is_given_up(
        self, box, told, make_postman
    ):
        box.intend(notice())
        carrier = Carrier(Later("503"), Later("503"), asks=False)
        postman = make_postman(carrier, channel="webhook:ops")

        postman.round(1000.0)
        postman.round(1000.0 + 86_400.0)
        postman.round(1000.0 + 86_401.0 + 60.0)

        assert [news for news, _ in told.news] == [
            "mail_delayed",
            "mail_delayed",
            "mail_cancelled",
        ]

    def test_a_mail_is_never_given_up_for_its_age(self, box, make_postman):
        box.intend(mail())

        make_postman(Carrier()).round(1000.0 + 10 * 86_400.0)

        assert state(box) is State.SENT


class TestOrder:
    def test_a_page_that_comes_meanwhile_waits_for_no_notice(
        self, box, clock, told, make_postman
    ):
        names = ["a", "b", "c"]
        for name in names:
            box.intend(notice(name, channel=f"webhook:{name}", key=name))
        carried = []

        class Carrying(Carrier):
            def carry(self, parcel, before_data):
                carried.append(parcel.key)
                box.intend(mail(key="page"))
                return Accepted("200")

        carriers = {f"webhook:{name}": Carrying() for name in names}
        Postman(
            box,
            {"smtp": Carrying(), **carriers},
            clock=clock,
            observer=told,
            still_due=lambda entry: None,
            owner="till-7",
        ).round(NOW_S)

        assert carried == ["a", "page", "b", "c"]


@contextmanager
def locked(path):
    """Another process is writing, and takes its time."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def full_disk(path):
    """No file may grow, as when there is no room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestTrouble:
    def test_what_a_carrier_raises_before_it_sends_delays_the_mail(
        self, box, told, make_postman
    ):
        box.intend(mail())

        class Broken(Carrier):
            def carry(self, parcel, before_data):
                raise ZeroDivisionError

        make_postman(Broken()).round(NOW_S)

        assert state(box) is State.INTENT
        assert [stage for stage, _ in told.errors] == ["carrier"]

    def test_what_it_raises_afterwards_leaves_the_mail_unsure(
        self, box, told, make_postman
    ):
        box.intend(mail())

        make_postman(Carrier(ZeroDivisionError())).round(NOW_S)

        assert state(box) is State.UNSURE

    def test_a_channel_that_the_settings_do_not_name_is_told_and_waits(
        self, box, told, make_postman
    ):
        box.intend(notice())

        make_postman(Carrier()).round(NOW_S)

        [entry] = box.entries()
        assert entry.state is State.INTENT
        assert entry.progress.note == "the settings say nothing of webhook:ops"

    @pytest.mark.parametrize("trouble", [locked, full_disk])
    def test_an_acceptance_that_cannot_be_noted_is_noted_at_the_next_round(
        self, box, told, make_postman, monkeypatch, trouble
    ):
        monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.01)
        box.intend(mail())
        until_then = ExitStack()

        class Blocking(Carrier):
            def carry(self, parcel, before_data):
                result = super().carry(parcel, before_data)
                until_then.enter_context(trouble(box._database.path))
                return result

        carrier = Blocking(Accepted("250 queued"))
        postman = make_postman(carrier)
        with until_then:
            changed = postman.round(NOW_S)
        assert changed == []
        assert [stage for stage, _ in told.errors] == ["outbox"]

        postman.round(NOW_S + 600.0)

        [entry] = box.entries()
        assert (entry.state, entry.progress.note) == (State.SENT, "250 queued")
        assert entry.progress.changed_at_s == NOW_S
        assert len(carrier.carried) == 1
        assert told.news == [("mail_sent", mail().key)]

    def test_a_full_disk_before_the_mail_leaves_keeps_it_here(
        self, box, told, make_postman
    ):
        box.intend(mail())

        class Full:
            """An outbox on a full disk from the sending on."""

            def __getattr__(self, name):
                if name == "begin_sending":
                    return self._fails
                return getattr(box, name)

            def _fails(self, *args, **kwargs):
                raise DataError("ladder", "disk is full", remedy="make room")

        carrier = Carrier()
        make_postman(carrier, outbox=Full()).round(NOW_S)

        assert carrier.carried == []
        assert state(box) is State.INTENT
        assert told.news == [("mail_delayed", mail().key)]

    def test_an_outbox_that_cannot_be_read_is_told_and_nothing_is_raised(
        self, box, told, make_postman
    ):
        box._database.path.write_bytes(b"no database at all" * 99)

        assert make_postman(Carrier()).round(NOW_S) == []

        assert [stage for stage, _ in told.errors] == ["outbox"]


class TestWaiting:
    def test_the_waits_grow_to_a_minute_and_stay_there(self):
        waits = [postman_module._wait_s(n, Later("421")) for n in range(1, 40)]

        assert 5.0 <= waits[0] <= 10.0
        assert 60.0 <= waits[-1] <= 65.0
        assert all(wait <= 65.0 for wait in waits)

    @given(st.floats(0.0, 1e9), st.integers(1, 10_000))
    def test_what_a_server_asks_for_counts_within_bounds(self, asked_s, attempt):
        wait_s = postman_module._wait_s(attempt, Later("429", after_s=asked_s))

        assert min(asked_s, 600.0) <= wait_s <= 600.0

    def test_what_was_put_off_is_not_tried_before_its_time(self, box, make_postman):
        box.intend(mail())
        carrier = Carrier(Later("429", after_s=300.0))
        postman = make_postman(carrier)

        for passed_s in (0.0, 100.0, 299.0):
            postman.round(NOW_S + passed_s)
        assert len(carrier.carried) == 1

        postman.round(NOW_S + 301.0)
        assert len(carrier.carried) == 2


class TestThread:
    def test_one_round_at_a_time_on_a_thread_of_its_own(self, box, make_postman):
        box.intend(mail())
        postman = make_postman(Carrier())

        assert postman.start(NOW_S)
        postman.wait(10.0)

        assert state(box) is State.SENT
        assert postman.start(NOW_S)
        postman.wait(10.0)


def _walk(path, port):
    Postman(
        SqliteOutbox(Database(path, SystemClock())),
        {
            "smtp": SmtpCarrier(
                SmtpAccount(
                    host="127.0.0.1",
                    port=port,
                    security="none",
                    sender="guard@shop.invalid",
                ),
                Gate(rehearsal=True),
            )
        },
        clock=SystemClock(),
        observer=Told(),
        still_due=lambda entry: None,
        owner=str(os.getpid()),
    ).round(NOW_S)


def test_postmen_of_three_processes_carry_each_mail_once(box):
    keys = [f"page {number}" for number in range(6)]
    for key in keys:
        box.intend(mail(key, key=key))
    with SmtpServer() as server:
        context = get_context("fork")
        walkers = [
            context.Process(target=_walk, args=(box._database.path, server.port))
            for _ in range(3)
        ]
        for walker in walkers:
            walker.start()
        for walker in walkers:
            walker.join()

        sent = sorted(content for _, content in server.mails)
        assert sent == sorted(mail(key).content for key in keys)
    assert {entry.state for entry in box.entries()} == {State.SENT}
