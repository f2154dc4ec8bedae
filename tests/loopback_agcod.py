"""A loopback AGCOD with odd manners, for tests of clients.

It answers by the first part of the path: `/fault/CreateGiftCard`.
"""

from __future__ import annotations

import gzip
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agcod_guard.call import Endpoint, Environment

_LOOPBACK = Endpoint("eu", Environment.LOOPBACK)
HOSTS = {"127.0.0.1": _LOOPBACK, "agcod.example.invalid": _LOOPBACK}
SUCCESS = b'{"status":"SUCCESS","gcClaimCode":"AAAA-BBBBBB-CCCC","gcId":"A2GCN9"}'
FAULT = b'{"errorCode":"F500","errorType":"GeneralError","message":"down"}'


@dataclass
class Received:
    """A request as it came over the wire."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoopbackAgcod

    def handle(self) -> None:
        with self.server.counting:
            self.server.connections += 1
        super().handle()

    def do_POST(self) -> None:
        self._receive()
        getattr(self, f"_{self.path.split('/')[1]}", self._success)()

    def log_message(self, *args: Any) -> None:
        pass

    def _receive(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size + 2)[:-2]
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = list(self.headers.items())
        self.server.received.append(Received(self.requestline, headers, body))

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _success(self) -> None:
        self._send(200, SUCCESS, Content_Type="application/json")

    def _fault(self) -> None:
        self._send(500, FAULT, x_amzn_RequestId="1d1f6c2e")

    def _resend(self) -> None:
        self._refusal(b'{"agcodResponse":{"status":"RESEND"},"errorCode":"F400"}')

    def _refused(self) -> None:
        self._refusal(b'{"errorCode":"F200","errorType":"InvalidAmountValue"}')

    def _refusal(self, body: bytes) -> None:
        # Head and body at once, as they come over a real network.
        head = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.wfile.write(head + body)

    def _empty(self) -> None:
        self._send(503, b"")

    def _none(self) -> None:
        self.send_response(204)
        self.end_headers()

    def _gzip(self) -> None:
        self._send(200, gzip.compress(SUCCESS, mtime=0), Content_Encoding="gzip")

    def _badgzip(self) -> None:
        self._send(200, SUCCESS, Content_Encoding="gzip")

    def _cookie(self) -> None:
        self._send(200, SUCCESS, Set_Cookie="seat=12; Path=/")

    def _large(self) -> None:
        self._send(200, SUCCESS[:-1] + b',"rest":"' + b"x" * 200_000 + b'"}')

    def _redirect(self) -> None:
        self._send(307, b"moved", Location="/cookie/CreateGiftCard")

    def _login(self) -> None:
        if "Authorization" in self.headers:
            self._success()
        else:
            self._send(401, b"who?", WWW_Authenticate='Basic realm="shop"')

    def _lines(self) -> None:
        self._send(200, b'{"status":\n"SUCCESS",\n"gcId":"A2GCN9"}')

    def _chunked_lines(self) -> None:
        self._chunks(b'{"status":\n', b'"SUCCESS",\n"gcId":"A2GCN9"}', b"")

    def _until_closed(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(SUCCESS)
        self.close_connection = True

    def _loop(self) -> None:
        self._send(307, b"again", Location="/loop/CreateGiftCard")

    def _denied(self) -> None:
        self._send(403, b'{"message":"The security token is invalid"}')

    def _chunked(self) -> None:
        self._chunks(SUCCESS[:20], SUCCESS[20:], b"")

    def _broken(self) -> None:
        self._chunks(SUCCESS[:20])
        self.close_connection = True

    def _cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "500")
        self.end_headers()
        self.wfile.write(SUCCESS)
        self.close_connection = True

    def _chunks(self, *chunks: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    def _stall(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(SUCCESS)))
        self.end_headers()
        self.wfile.flush()
        self.server.released.wait(0.3)
        self.wfile.write(SUCCESS)

    def _hang(self) -> None:
        self.server.released.wait(2)
        self.close_connection = True

    def _reset(self) -> None:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True


class LoopbackAgcod(ThreadingHTTPServer):
    """Answers by the first part of the path, e.g. `/fault/CreateGiftCard`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.counting = threading.Lock()
        self.released = threading.Event()
        self.connections = 0
        self.received: list[Received] = []

    def url(self, manner: str = "success") -> str:
        return f"http://127.0.0.1:{self.server_port}/{manner}/CreateGiftCard"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is meant to."""
