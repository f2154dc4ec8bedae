"""Notices to the partner's own channels, against servers on this machine."""

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from parcels import notice

from agcod_guard.call import Endpoint, Scope
from agcod_guard.clock import ManualClock
from agcod_guard.delivery.gate import Gate
from agcod_guard.delivery.webhooks import SIGNATURE, WebhookCarrier, signature
from agcod_guard.errors import NotAllowed
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.notices import News, Notice
from agcod_guard.incident.parcel import Accepted, Later, Refused, State
from agcod_guard.incident.posting import notice_parcel
from agcod_guard.mail.postman import Postman
from agcod_guard.settings.mail import Webhook, WebhookKind
from agcod_guard.storage.database import Database
from agcod_guard.storage.outbox import SqliteOutbox

KEY = "0123456789abcdef0123456789abcdef"
NOW_S = 1_795_346_405.0
INCIDENT = Incident(
    incident_id="20261122T111505Z-eu-ab12",
    scope=Scope("Acmes", Endpoint("eu")),
    first_failed_at_s=NOW_S - 300,
    first_call_id="00000000000000aa",
    opened_at_s=NOW_S - 120,
)


class Hook:
    """A web server that keeps what it is sent and answers as planned."""

    def __init__(self):
        self.requests, self.answers = [], []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                content = self.rfile.read(length)
                hook.requests.append((self.path, dict(self.headers), content))
                answer = hook.answers.pop(0) if hook.answers else (200, {})
                if callable(answer):
                    answer(self)
                    return
                status, headers = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook/secret-path"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        ).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook():
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    return file


@pytest.fixture
def make_carrier(hook, key_file):
    def make(kind=WebhookKind.JSON, *, timeout_s=10.0, gate=None, **changes):
        facts = {"kind": kind, "url": hook.url, "key_file": key_file}
        if kind is WebhookKind.SLACK:
            facts["key_file"] = None
        return WebhookCarrier(
            Webhook(**facts | changes),
            gate or Gate(rehearsal=True),
            timeout_s=timeout_s,
            wall_s=lambda: NOW_S,
        )

    return make


def never():
    raise AssertionError("a notice needs no permission")


class TestWhatIsSent:
    def test_json_is_sent_as_frozen_and_signed_with_the_time(self, hook, make_carrier):
        result = make_carrier().carry(notice(), never)

        assert result == Accepted("answered 200")
        [(path, headers, content)] = hook.requests
        assert path == "/hook/secret-path"
        assert content == notice().content
        assert headers["Content-Type"] == "application/json"
        seconds, digest = headers[SIGNATURE].removeprefix("t=").split(",v1=")
        expected = hmac.new(
            KEY.encode(), f"{seconds}.".encode() + content, hashlib.sha256
        )
        assert seconds == str(int(NOW_S))
        assert hmac.compare_digest(digest, expected.hexdigest())

    def test_a_signature_covers_the_time_and_every_byte(self):
        given = signature(b"body", KEY, at_s=1.0)

        assert given == signature(b"body", KEY, at_s=1.9)
        for other in (
            signature(b"bodY", KEY, at_s=1.0),
            signature(b"body", KEY, at_s=2.0),
            signature(b"body", KEY[1:], at_s=1.0),
        ):
            assert other.partition("v1=")[2] != given.partition("v1=")[2]

    def test_pagerduty_gets_its_key_on_the_way_only(self, hook, make_carrier):
        parcel = notice_parcel(
            Notice(incident=INCIDENT, news=News.OPENED, at_s=NOW_S),
            "ops",
            WebhookKind.PAGERDUTY,
        )

        make_carrier(WebhookKind.PAGERDUTY).carry(parcel, never)

        [(_, headers, content)] = hook.requests
        event = json.loads(content)
        assert event.pop("routing_key") == KEY
        assert event == json.loads(parcel.content)
        assert KEY.encode() not in parcel.content
        assert SIGNATURE not in headers

    def test_slack_gets_no_key_at_all(self, hook, make_carrier):
        make_carrier(WebhookKind.SLACK).carry(notice(), never)

        [(_, headers, content)] = hook.requests
        assert (content, SIGNATURE in headers) == (notice().content, False)

    def test_no_login_from_a_netrc_file_goes_along(
        self, hook, make_carrier, tmp_path, monkeypatch
    ):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login ada password hunter2\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        in_earnest = Gate(rehearsal=False, is_testing=lambda: False)

        make_carrier(gate=in_earnest).carry(notice(), never)

        assert "Authorization" not in hook.requests[0][1]

    def test_in_a_rehearsal_no_proxy_leads_out_of_the_house(
        self, hook, make_carrier, monkeypatch
    ):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)

        assert make_carrier().carry(notice(), never) == Accepted("answered 200")


class TestAnswers:
    @pytest.mark.parametrize("status", [200, 201, 202, 204])
    def test_any_2xx_is_a_yes(self, hook, make_carrier, status):
        hook.answers = [(status, {})]

        assert make_carrier().carry(notice(), never) == Accepted(f"answered {status}")

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
    def test_what_may_pass_is_tried_later(self, hook, make_carrier, status):
        hook.answers = [(status, {})]

        assert make_carrier().carry(notice(), never) == Later(f"answered {status}")

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
    def test_what_will_not_pass_is_refused(self, hook, make_carrier, status):
        hook.answers = [(status, {})]

        assert make_carrier().carry(notice(), never) == Refused(f"answered {status}")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_no_redirect_is_followed(self, hook, make_carrier, status):
        hook.answers = [(status, {"Location": "https://elsewhere.invalid/"})]

        result = make_carrier().carry(notice(), never)

        assert isinstance(result, Refused)
        assert "not followed" in result.reason
        assert len(hook.requests) == 1

    @pytest.mark.parametrize(
        ("after", "wait_s"),
        [
            ("120", 120.0),
            ("Sun, 22 Nov 2026 11:21:05 GMT", 60.0),
            ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
            ("soon", None),
            ("-5", None),
            ("²", None),
            ("9" * 400, 999_999_999.0),
        ],
    )
    def test_how_long_a_server_asks_us_to_wait_is_heard(
        self, hook, make_carrier, after, wait_s
    ):
        hook.answers = [(429, {"Retry-After": after.encode().decode("latin-1")})]

        result = make_carrier().carry(notice(), never)

        assert isinstance(result, Later)
        assert result.after_s == wait_s


class TestTrouble:
    def test_a_server_that_is_not_there_is_tried_later_and_its_url_not_told(
        self, hook, make_carrier
    ):
        carrier = make_carrier(url="http://127.0.0.1:9/hook/secret-path")

        assert carrier.carry(notice(), never) == Later("no answer: ConnectionError")

    def test_one_deadline_holds_for_an_answer_that_comes_byte_by_byte(
        self, hook, make_carrier
    ):
        gone = threading.Event()

        def dribble(handler):
            while not gone.is_set():
                handler.wfile.write(b"H")
                time.sleep(0.01)

        hook.answers = [dribble]
        carrier = make_carrier(timeout_s=0.1)

        first = carrier.carry(notice(), never)
        second = carrier.carry(notice(), never)
        gone.set()

        assert first == Later("no answer in 0.1 s")
        assert second == Later("an earlier try has not ended yet")
        assert len(hook.requests) == 1

    def test_a_key_that_cannot_be_read_is_told_and_tried_later(
        self, hook, make_carrier, key_file
    ):
        key_file.unlink()

        result = make_carrier().carry(notice(), never)

        assert isinstance(result, Later)
        assert str(key_file) in result.reason
        assert hook.requests == []

    @pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 5000])
    def test_a_key_file_that_holds_no_key_is_told_without_its_content(
        self, make_carrier, key_file, content
    ):
        key_file.write_bytes(content)

        result = make_carrier().carry(notice(), never)

        assert isinstance(result, Later)
        assert "xxx" not in result.reason

    def test_in_a_test_run_no_webhook_elsewhere_is_reached(self, make_carrier):
        carrier = make_carrier(url="https://hooks.shop.invalid/x")

        with pytest.raises(NotAllowed, match=r"hooks\.shop\.invalid"):
            carrier.carry(notice(), never)


class Told:
    def __init__(self):
        self.news = []

    def __getattr__(self, name):
        return lambda entry: self.news.append((name, entry.key.rpartition("/")[2]))


def test_an_incident_reaches_pagerduty_in_order_through_the_outbox(
    hook, make_carrier, tmp_path
):
    box = SqliteOutbox(Database(tmp_path / "ladder.sqlite", ManualClock()))
    for news in (News.OPENED, News.ACKNOWLEDGED, News.RESOLVED):
        told = Notice(incident=INCIDENT, news=news, at_s=NOW_S)
        box.intend(notice_parcel(told, "ops", WebhookKind.PAGERDUTY))
    hook.answers = [(503, {}), (429, {"Retry-After": "30"})]
    observer = Told()
    postman = Postman(
        box,
        {"webhook:ops": make_carrier(WebhookKind.PAGERDUTY)},
        clock=ManualClock(),
        observer=observer,
        still_due=lambda entry: None,
        owner="till-7",
    )

    for minute in range(8):
        postman.round(NOW_S + 60.0 * minute)

    actions = [json.loads(content)["event_action"] for _, _, content in hook.requests]
    assert actions == ["trigger", "trigger", "trigger", "acknowledge", "resolve"]
    keys = {json.loads(content)["dedup_key"] for _, _, content in hook.requests}
    assert keys == {INCIDENT.incident_id}
    assert {entry.state for entry in box.entries()} == {State.SENT}
    assert KEY.encode() not in (tmp_path / "ladder.sqlite").read_bytes()
    assert [news for news, _ in observer.news].count("mail_delayed") == 2
