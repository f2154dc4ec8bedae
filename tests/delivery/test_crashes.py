"""A page that must go: killed at every step, whatever the mail server does.

Each run is a real process that dies by SIGKILL while the server misbehaves; then
the server works again and other processes follow. Never no mail, never more than
two, and those two with the same bytes. Where a server has refused for good, a
person is told instead.
"""

import os
import signal
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from doubles import ListObserver
from parcels import MESSAGE_ID, mail
from smtp_servers import (
    SmtpServer,
    dribbles,
    drops,
    hangs,
    keeps_and_drops,
    keeps_and_is_late,
    says,
    then,
)

from agcod_guard.clock import SystemClock
from agcod_guard.delivery.gate import Gate
from agcod_guard.delivery.smtp import SmtpCarrier
from agcod_guard.incident.parcel import FINAL, State
from agcod_guard.mail.postman import Postman
from agcod_guard.settings.mail import SmtpAccount
from agcod_guard.storage.database import Database
from agcod_guard.storage.outbox import SqliteOutbox

HOUR_S = 3600.0

HARD_FAULTS = {
    "none": {},
    "drops at connect": {"connect": drops},
    "hangs at EHLO": {"ehlo": hangs},
    "4xx at RCPT": {"rcpt": says("450 4.2.1 greylisted")},
    "4xx at DATA": {"data": says("451 4.3.0 try again")},
    "drops within the mail": {"content": drops},
    "loses the mail and dies": {"dot": drops},
    "keeps the mail and dies": {"dot": keeps_and_drops},
    "keeps the mail and answers late": {"dot": keeps_and_is_late},
}
FAULTS = HARD_FAULTS | {
    "busy at connect": {"connect": says("421 4.3.2 busy")},
    "drops after EHLO": {"ehlo": drops},
    "dribbles at connect": {"connect": dribbles},
    "4xx at MAIL": {"mail": says("451 4.3.0 try again")},
    "4xx for the mail": {"dot": says("452 4.3.1 disk full")},
    "keeps the mail and dribbles": {
        "dot": lambda server, session: server.keep(session) or dribbles(server, session)
    },
}
SEAMS = [
    "never",
    "after intend",
    "before claim",
    "after claim",
    "before begin_sending",
    "after begin_sending",
    "before settle",
    "after settle",
]
WIRE = ["connect", "ehlo", "mail", "rcpt", "data", "content", "dot", "replied"]


class Dying:
    """An outbox whose process is killed before or after one of its methods."""

    def __init__(self, outbox, at):
        self._outbox, self._at = outbox, at

    def __getattr__(self, name):
        method = getattr(self._outbox, name)

        def called(*args, **kwargs):
            self._die(f"before {name}")
            result = method(*args, **kwargs)
            self._die(f"after {name}")
            return result

        return called

    def _die(self, here):
        if here == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


class Scene:
    """One data folder, one server, one process after the other."""

    def __init__(self, folder, server):
        self._path, self.server = folder / "ladder.sqlite", server
        self.runs = 0
        self.child = 0

    @property
    def outbox(self):
        return SqliteOutbox(Database(self._path, SystemClock()))

    @property
    def state(self):
        entries = self.outbox.entries()
        return entries[0].state if entries else None

    def run(self, *, dies="never"):
        """Let a process intend the page and carry what is due."""
        self.runs += 1
        timeout_s = 10.0 if self.server.is_well else 0.2
        self.child = os.fork()
        if self.child == 0:
            try:
                self._act(1000.0 + self.runs * HOUR_S, dies, timeout_s)
            finally:
                os._exit(0)
        os.waitpid(self.child, 0)

    def _act(self, now_s, dies, timeout_s):
        outbox = Dying(self.outbox, dies)
        account = SmtpAccount(
            host="127.0.0.1",
            port=self.server.port,
            security="none",
            sender="guard@shop.invalid",
            timeout_s=timeout_s,
        )
        # Every run would write it in other words: only the first ones may go out.
        outbox.intend(mail(f"Written by run {self.runs}."))
        Postman(
            outbox,
            {"smtp": SmtpCarrier(account, Gate(rehearsal=True))},
            clock=SystemClock(),
            observer=ListObserver(),
            still_due=lambda entry: None,
            owner=f"run {self.runs}",
        ).round(now_s)

    def run_until_settled(self):
        while self.state not in FINAL and self.runs < 6:
            self.run()


@pytest.fixture
def scene(tmp_path):
    # A kill loses nothing that was written: what waits for a disk is left out.
    memory = Path("/dev/shm")
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder,
        SmtpServer() as server,
    ):
        yield Scene(Path(folder), server)


def assert_one_or_two_copies_of_one_mail(scene):
    contents = [content for _, content in scene.server.mails]
    assert 1 <= len(contents) <= 2
    assert set(contents) == {mail("Written by run 1.").content}
    assert message_from_bytes(contents[0])["Message-ID"] == MESSAGE_ID
    assert scene.state is State.SENT


@pytest.mark.parametrize("seam", SEAMS)
@pytest.mark.parametrize("fault", HARD_FAULTS)
def test_a_kill_at_any_step_of_ours_loses_no_page_and_makes_at_most_two(
    scene, fault, seam
):
    scene.server.plan(FAULTS[fault])

    scene.run(dies=seam)
    scene.run_until_settled()

    assert_one_or_two_copies_of_one_mail(scene)


@pytest.mark.parametrize("step", WIRE)
def test_a_kill_at_any_step_on_the_wire_loses_no_page_and_makes_at_most_two(
    scene, step
):
    kill = then(lambda: os.kill(scene.child, signal.SIGKILL))
    scene.server.plan({step: kill})

    scene.run()
    scene.run_until_settled()

    assert_one_or_two_copies_of_one_mail(scene)


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_kill_only_an_answer_that_never_came_makes_two(scene, fault):
    scene.server.plan(FAULTS[fault])

    scene.run()
    scene.run_until_settled()

    kept = {name for name in FAULTS if name.startswith("keeps")}
    assert len(scene.server.mails) == (2 if fault in kept else 1)


@pytest.mark.parametrize("second", ["before settle", "after begin_sending"])
def test_after_two_that_cannot_be_told_nothing_more_goes_and_people_are_told(
    scene, second
):
    scene.run(dies="before settle")
    scene.run(dies=second)

    scene.run_until_settled()

    assert scene.state is State.ALARM
    assert 1 <= len(scene.server.mails) <= 2


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_a_mail_refused_for_good_goes_once_a_person_wants_it_tried_again(scene, step):
    scene.server.plan({step: says("550 5.7.1 relaying denied")})
    scene.run(dies="after settle")
    assert (scene.state, scene.server.mails) == (State.REFUSED, [])

    scene.outbox.reopen(mail().key, at_s=0.0)
    scene.run_until_settled()

    assert_one_or_two_copies_of_one_mail(scene)
    assert len(scene.server.mails) == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_a_refusal_after_a_kill_in_the_sending_is_an_alarm_not_a_refusal(scene, step):
    scene.run(dies="before settle")
    scene.server.plan({step: says("550 5.7.1 relaying denied")})

    scene.run_until_settled()

    assert scene.state is State.ALARM
    assert len(scene.server.mails) == 1
