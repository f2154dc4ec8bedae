import errno
import socket
import ssl
import urllib.error
import urllib.request

import pytest
import requests

from agcod_guard.call import Trouble
from agcod_guard.protocol.trouble import trouble_of

UNTRUSTED = ssl.SSLCertVerificationError(
    1,
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
    "unable to get local issuer certificate (_ssl.c:1006)",
)
EXPIRED = ssl.SSLCertVerificationError(
    1,
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
    "certificate has expired (_ssl.c:1006)",
)


def caused_by(cause):
    error = RuntimeError("a client's own words")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Trouble.NAME),
        (caused_by(socket.gaierror(socket.EAI_AGAIN, "")), Trouble.NAME),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), Trouble.NO_ROUTE),
        (OSError("[Errno 113] No route to host"), Trouble.NO_ROUTE),
        (urllib.error.URLError(ConnectionRefusedError(111, "no")), Trouble.REFUSED),
        (requests.exceptions.SSLError(UNTRUSTED), Trouble.UNTRUSTED),
        (caused_by(UNTRUSTED), Trouble.UNTRUSTED),
        (EXPIRED, None),
        (requests.ConnectTimeout("late"), Trouble.CONNECT),
        (requests.ReadTimeout("late"), Trouble.ANSWER),
        (TimeoutError("timed out"), None),
        (ConnectionResetError("reset"), None),
        (None, None),
    ],
)
def test_how_far_a_call_came_is_told_from_its_exception(error, trouble):
    assert trouble_of(error) is trouble


@pytest.mark.parametrize("ask", [requests.get, urllib.request.urlopen])
def test_clients_in_their_own_words(ask):
    with pytest.raises(OSError, match="refused") as raised:
        ask("http://127.0.0.1:1/", timeout=5)

    assert trouble_of(raised.value) is Trouble.REFUSED


def test_an_exception_that_wraps_itself_is_looked_at_once():
    error = RuntimeError()
    error.args = (error,)
    error.__context__ = caused_by(error)

    assert trouble_of(error) is None
