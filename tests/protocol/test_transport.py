import asyncio
import http.client
import socket
import ssl
import urllib.error

import pytest
import requests
import urllib3

from agcod_guard.call import Outcome
from agcod_guard.protocol.transport import exception_outcome


def library_error(package: str, name: str, *bases: type) -> BaseException:
    """Return an error as a library that is not installed here would raise it."""
    return type(name, bases or (Exception,), {"__module__": f"{package}._errors"})()


TRANSPORT_ERROR = type("TransportError", (Exception,), {"__module__": "httpx"})


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(),
        ConnectionRefusedError(),
        BrokenPipeError(),
        socket.gaierror(-2, "Name or service not known"),
        ssl.SSLError(),
        ssl.SSLCertVerificationError(),
        OSError(),
        urllib.error.URLError("refused"),
        http.client.RemoteDisconnected(),
        http.client.IncompleteRead(b""),
        http.client.BadStatusLine(""),
        requests.ConnectionError(),
        requests.ConnectTimeout(),
        requests.ReadTimeout(),
        requests.exceptions.SSLError(),
        requests.exceptions.ProxyError(),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.ContentDecodingError(),
        requests.exceptions.RetryError(),
        requests.RequestException(),
        urllib3.exceptions.ProtocolError(),
        urllib3.exceptions.DecodeError(),
        library_error("httpx", "ReadTimeout", TRANSPORT_ERROR),
        library_error("httpcore", "NetworkError"),
        library_error("aiohttp", "ClientPayloadError"),
        library_error("botocore", "HTTPClientError"),
        TimeoutError,
    ],
    ids=repr,
)
def test_a_failure_of_transport_is_no_answer(error):
    assert exception_outcome(error) is Outcome.NO_ANSWER


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.InvalidURL(),
        requests.exceptions.MissingSchema(),
        requests.exceptions.InvalidSchema(),
        requests.exceptions.InvalidHeader(),
        requests.exceptions.InvalidProxyURL(),
        requests.exceptions.InvalidJSONError(),
        urllib3.exceptions.LocationParseError("x"),
        http.client.InvalidURL(),
        http.client.CannotSendRequest(),
        library_error("httpx", "UnsupportedProtocol", TRANSPORT_ERROR),
        library_error("httpx", "InvalidURL"),
        library_error("aiohttp", "InvalidURL", ValueError),
    ],
    ids=repr,
)
def test_a_failure_before_sending_proves_nothing(error):
    assert exception_outcome(error) is Outcome.ABANDONED


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(),
        GeneratorExit(),
        asyncio.CancelledError(),
        ValueError(),
        RuntimeError(),
        library_error("elsewhere", "TransportError"),
        "timeout",
        42,
    ],
    ids=repr,
)
def test_the_callers_own_end_proves_nothing(error):
    assert exception_outcome(error) is Outcome.ABANDONED
