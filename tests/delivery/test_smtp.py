"""Mails over SMTP: what is sent, when it counts, and what never comes out."""

import base64
import logging
import socket
import ssl
from pathlib import Path

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult
from parcels import PAGER, mail
from smtp_servers import (
    SmtpServer,
    babbles,
    dribbles,
    drops,
    hangs,
    keeps_and_drops,
    says,
)

from agcod_guard.delivery.gate import Gate
from agcod_guard.delivery.smtp import WITHDRAWN, SmtpCarrier
from agcod_guard.errors import NotAllowed
from agcod_guard.incident.parcel import Accepted, Later, Purpose, Refused, Unsure
from agcod_guard.settings.mail import Secret, SmtpAccount

PASSWORD = "correct horse"


def carrier_to(port, *, gate=None, tls=None, **changes):
    facts = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "guard@shop.invalid",
        "timeout_s": 10.0,
    }
    trust = {} if tls is None else {"tls": lambda: tls}
    gate = gate or Gate(rehearsal=True)
    return SmtpCarrier(SmtpAccount(**facts | changes), gate, **trust)


def yes():
    return True


@pytest.fixture
def server():
    with SmtpServer() as server:
        yield server


@pytest.fixture
def carrier(server):
    return carrier_to(server.port)


class TestTheMail:
    @pytest.mark.parametrize(
        "content",
        [
            mail().content,
            b".\r\n",
            b"..\r\n.a\r\n\r\n.\r\n",
            b"no line end",
            b"\x80 eight bits \xff\r\n",
        ],
    )
    def test_it_arrives_byte_for_byte(self, server, carrier, content):
        result = carrier.carry(mail(content=content), yes)

        assert result == Accepted("250 2.0.0 queued as 7F")
        [(envelope, arrived)] = server.mails
        assert envelope == ("<guard@shop.invalid>", f"<{PAGER}>")
        assert arrived.removesuffix(b"\r\n") == content.removesuffix(b"\r\n")

    def test_the_server_learns_our_mail_domain_and_no_host_name(self, server, carrier):
        carrier.carry(mail(), yes)

        assert server.sessions[0].said[0] == "ehlo shop.invalid"

    def test_one_whose_copy_is_refused_still_goes_to_whom_it_is_for(
        self, server, carrier
    ):
        refused = []

        def second_only(server, session):
            if len(session.envelope) > 2:
                refused.append(session.envelope[-1])
                session.reply("550 5.1.1 unknown")
                return True
            return False

        server.plan({"rcpt": second_only})
        copied = mail(recipients=(PAGER, "manager@shop.invalid"))

        assert isinstance(carrier.carry(copied, yes), Accepted)
        assert refused == ["<manager@shop.invalid>"]

    @pytest.mark.parametrize(
        ("refused", "arrives"), [({"a"}, True), ({"b"}, True), ({"a", "b"}, False)]
    )
    def test_a_notice_goes_to_those_of_our_own_people_who_can_be_reached(
        self, server, carrier, refused, arrives
    ):
        def some(server, session):
            if session.envelope[-1][1] in refused:
                session.reply("550 5.1.1 unknown")
                return True
            return False

        server.plan({"rcpt": some})
        own = mail(
            purpose=Purpose.NOTICE, recipients=("a@shop.invalid", "b@shop.invalid")
        )

        result = carrier.carry(own, yes)

        assert isinstance(result, Accepted if arrives else Refused)
        assert len(server.mails) == arrives

    def test_it_is_tried_again_while_one_of_them_may_be_reached_later(
        self, server, carrier
    ):
        answers = {"a": "550 5.1.1 unknown", "b": "450 4.2.1 greylisted"}

        def differs(server, session):
            session.reply(answers[session.envelope[-1][1]])
            return True

        server.plan({"rcpt": differs})
        own = mail(
            purpose=Purpose.NOTICE, recipients=("a@shop.invalid", "b@shop.invalid")
        )

        result = carrier.carry(own, yes)

        assert result == Later("b@shop.invalid: 450 4.2.1 greylisted")

    def test_nothing_is_sent_that_may_not_go_any_more(self, server, carrier):
        result = carrier.carry(mail(), lambda: False)

        assert result == Later(WITHDRAWN)
        assert server.mails == []
        assert [line[:4] for line in server.sessions[0].said][-1] == "rcpt"

    def test_it_is_asked_after_the_recipient_and_before_the_mail(self, server, carrier):
        said = []
        carrier.carry(
            mail(), lambda: bool(said.extend(server.sessions[0].said)) or True
        )

        assert [line[:4] for line in said] == ["ehlo", "mail", "rcpt"]


class TestFaults:
    @pytest.mark.parametrize("step", ["connect", "ehlo", "mail", "rcpt", "data"])
    @pytest.mark.parametrize(
        "fault", [drops, says("421 4.3.2 busy"), says("451 4.3.0 try again")]
    )
    def test_before_the_mail_no_fault_that_may_pass_is_for_good(
        self, server, carrier, step, fault
    ):
        server.plan({step: fault, "helo": fault})

        assert isinstance(carrier.carry(mail(), yes), Later)
        assert server.mails == []

    @pytest.mark.parametrize("step", ["connect", "ehlo"])
    def test_a_server_that_will_not_talk_says_nothing_of_the_mail(
        self, server, carrier, step
    ):
        server.plan({step: says("554 5.7.1 go away"), "helo": says("554 go away")})

        assert isinstance(carrier.carry(mail(), yes), Later)

    @pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
    def test_a_mail_that_is_refused_for_good_is_told_with_the_servers_words(
        self, server, carrier, step
    ):
        server.plan({step: says("550 5.7.1 relaying denied")})

        result = carrier.carry(mail(), yes)

        assert isinstance(result, Refused)
        assert result.reason.endswith("550 5.7.1 relaying denied")

    @pytest.mark.parametrize("step", ["connect", "ehlo", "mail", "rcpt", "data"])
    @pytest.mark.parametrize("fault", [hangs, dribbles, babbles])
    def test_one_deadline_holds_for_all_of_it(self, server, step, fault):
        server.plan({step: fault})

        result = carrier_to(server.port, timeout_s=0.1).carry(mail(), yes)

        assert isinstance(result, Later)

    @pytest.mark.parametrize(
        "fault", [drops, keeps_and_drops, hangs, dribbles, babbles, says("what?")]
    )
    def test_no_answer_to_the_last_byte_leaves_it_unsure(self, server, fault):
        server.plan({"dot": fault})

        result = carrier_to(server.port, timeout_s=0.3).carry(mail(), yes)

        assert isinstance(result, Unsure)

    def test_a_server_that_says_it_could_not_keep_it_is_believed(self, server, carrier):
        server.plan({"dot": says("452 4.3.1 disk full")})

        assert carrier.carry(mail(), yes) == Later("the mail: 452 4.3.1 disk full")

    def test_a_mail_too_long_to_leave_before_the_server_hangs_up_was_not_sent(
        self, server, carrier
    ):
        server.plan({"content": drops})

        result = carrier.carry(mail(content=b"x" * 30_000_000), yes)

        assert isinstance(result, Later)

    def test_a_server_that_is_not_there_is_tried_later(self):
        with SmtpServer() as gone:
            port = gone.port

        result = carrier_to(port).carry(mail(), yes)

        assert isinstance(result, Later)
        assert "refused" in result.reason


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Keeping(Message):
    """Keeps the envelope and the mail."""

    def __init__(self):
        super().__init__()
        self.mails = []

    def handle_message(self, message):
        self.mails.append(message)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def secured(authority):
    """A real SMTP server, which takes logins under STARTTLS only."""
    running = []

    def start(name="127.0.0.1", password=PASSWORD, **options):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)

        def authenticate(server, session, envelope, mechanism, data):
            good = (data.login, data.password) == (b"guard", password.encode())
            return AuthResult(success=good, handled=good)

        handler = Keeping()
        controller = Controller(
            handler,
            hostname="127.0.0.1",
            port=free_port(),
            **{
                "tls_context": context,
                "require_starttls": True,
                "auth_required": True,
                "authenticator": authenticate,
            }
            | options,
        )
        controller.start()
        running.append(controller)
        handler.port = controller.port
        return handler

    yield start
    for controller in running:
        controller.stop()


def login(**changes):
    return {
        "security": "starttls",
        "username": "guard",
        "password": PASSWORD,
    } | changes


class TestSecrecy:
    def test_a_mail_goes_out_under_tls_after_a_login(self, secured, trusting):
        server = secured()

        result = carrier_to(server.port, tls=trusting, **login()).carry(mail(), yes)

        assert isinstance(result, Accepted)
        assert [each["X-RcptTo"] for each in server.mails] == [PAGER]

    def test_the_password_can_come_from_a_file_that_is_read_each_time(
        self, secured, trusting, tmp_path
    ):
        server = secured()
        file = tmp_path / "password"
        file.write_text("an old one\n")
        carrier = carrier_to(
            server.port, tls=trusting, **login(password=None, password_file=file)
        )
        assert isinstance(carrier.carry(mail(), yes), Later)

        file.write_text(f"{PASSWORD}\n")

        assert isinstance(carrier.carry(mail(), yes), Accepted)

    def test_a_password_file_that_is_not_there_is_no_fault_of_the_mails(
        self, secured, trusting, tmp_path
    ):
        file = tmp_path / "password"
        carrier = carrier_to(
            secured().port, tls=trusting, **login(password=None, password_file=file)
        )

        result = carrier.carry(mail(), yes)

        assert isinstance(result, Later)
        assert str(file) in result.reason

    def test_implicit_tls(self, authority, trusting):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        with SmtpServer(wrapped_in=context) as server:
            carrier = carrier_to(server.port, tls=trusting, security="tls")

            assert isinstance(carrier.carry(mail(), yes), Accepted)

    def test_a_certificate_that_nobody_we_trust_has_signed_gets_nothing(self, secured):
        server = secured()

        result = carrier_to(server.port, **login()).carry(mail(), yes)

        assert isinstance(result, Later)
        assert "certificate verify failed" in result.reason
        assert server.mails == []

    @pytest.mark.parametrize(
        ("name", "host"),
        [("mail.shop.invalid", "127.0.0.1"), ("127.0.0.1", "localhost")],
    )
    def test_a_certificate_for_another_host_gets_nothing(
        self, secured, trusting, name, host
    ):
        server = secured(name=name)
        carrier = carrier_to(server.port, tls=trusting, **login(host=host))

        result = carrier.carry(mail(), yes)

        assert isinstance(result, Later)
        assert "certificate verify failed" in result.reason
        assert server.mails == []

    @pytest.mark.parametrize(
        "plan", [{}, {"starttls": says("454 4.7.0 not now")}, {"starttls": drops}]
    )
    def test_without_tls_no_login_and_no_mail_is_sent(self, trusting, plan):
        features = ["STARTTLS"] if plan else []
        with SmtpServer([plan], features=[*features, "AUTH PLAIN LOGIN"]) as server:
            carrier = carrier_to(server.port, tls=trusting, **login())

            assert isinstance(carrier.carry(mail(), yes), Later)
            said = {line[:4].lower() for line in server.sessions[0].said}
            assert {"auth", "mail"}.isdisjoint(said)

    def test_a_refused_login_is_no_fault_of_the_mails(self, secured, trusting):
        server = secured(password="another")

        result = carrier_to(server.port, tls=trusting, **login()).carry(mail(), yes)

        assert result == Later("the server refused the login (535)")

    @pytest.mark.parametrize(
        "echo",
        [
            PASSWORD,
            base64.b64encode(PASSWORD.encode()).decode(),
            base64.b64encode(f"\0guard\0{PASSWORD}".encode()).decode(),
        ],
    )
    def test_a_server_that_repeats_the_login_does_not_make_us_repeat_it(
        self, echo, caplog, capsys
    ):
        caplog.set_level(logging.DEBUG)
        refusal = says(f"535 5.7.8 no: {echo}")
        with SmtpServer([{"auth": refusal}], features=["AUTH PLAIN"]) as server:
            carrier = carrier_to(server.port, **login(security="none"))

            result = carrier.carry(mail(), yes)

        shown = (
            f"{result} {carrier!r} {vars(carrier)} {caplog.text} {capsys.readouterr()}"
        )
        assert "the server refused the login (535)" in shown
        assert echo not in shown

    def test_a_password_shows_itself_nowhere(self):
        account = SmtpAccount(**login(host="127.0.0.1", sender="guard@shop.invalid"))

        for shown in (repr(account), str(account.password), f"{account.password!r}"):
            assert PASSWORD not in shown
        assert account.password == Secret(PASSWORD)


class TestTheGate:
    def test_a_server_elsewhere_is_never_spoken_to_in_a_rehearsal(self):
        account = SmtpAccount(host="mail.shop.invalid", sender="guard@shop.invalid")
        carrier = SmtpCarrier(account, Gate(rehearsal=False))

        with pytest.raises(NotAllowed, match="only servers on this machine"):
            carrier.carry(mail(), yes)

    def test_an_address_of_amazons_is_refused_before_a_socket_is_opened(
        self, server, carrier
    ):
        page = mail(recipients=("urgent@amazon.com",))

        with pytest.raises(NotAllowed, match=r"names under \.invalid"):
            carrier.carry(page, yes)

        assert server.sessions == []


def test_no_module_of_ours_turns_on_what_smtplib_prints():
    package = Path(__file__).parents[2] / "agcod_guard"

    assert not [
        path
        for path in package.rglob("*.py")
        if "set_debuglevel" in path.read_text("utf-8")
    ]
