import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from agcod_guard.clock import ManualClock
from agcod_guard.network.reference import ReferenceCheck


class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def host():
    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.status = 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def check():
    told = []

    def check(url, timeout_s=5.0):
        checking = ReferenceCheck(
            url, timeout_s=timeout_s, clock=ManualClock(7.0), tell=told.append
        )
        assert checking.start()
        checking.wait(10.0)
        return told[-1]

    return check


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_any_answer_will_do(host, check, status):
    host.status = status

    found = check(f"http://127.0.0.1:{host.server_port}/")

    assert found.reached
    assert (found.wall_ns, found.mono_ns) == (7_000_000_000, 7_000_000_000)


def test_a_refused_connection_is_told_with_what_came_instead(check):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))

        found = check(f"http://127.0.0.1:{taken.getsockname()[1]}/")

    assert not found.reached
    assert found.detail == "ConnectionError"


def test_a_host_that_never_answers_is_given_up(check):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()

        found = check(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.1)

    assert not found.reached
    assert found.detail == "ReadTimeout"


def test_only_one_check_is_under_way_at_a_time():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        told = []
        checking = ReferenceCheck(
            f"http://127.0.0.1:{silent.getsockname()[1]}/",
            timeout_s=0.3,
            clock=ManualClock(),
            tell=told.append,
        )

        assert checking.start()
        assert not checking.start()
        checking.wait(10.0)

    assert len(told) == 1
