"""One connection: HTTP/1.1 with keep-alive, TLS, CONNECT, and how answers break.

A tunnel that CONNECT asks for ends here: nothing is ever connected to.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import struct
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from agcod_guard.call import Endpoint
from agcod_guard.protocol.endpoints import endpoint_of
from agcod_guard.simulator.control import CONTROL_PATH, control_reply
from agcod_guard.simulator.engine import Exchange
from agcod_guard.simulator.faults import Delivery, Rule
from agcod_guard.simulator.wire import Reply

if TYPE_CHECKING:
    from agcod_guard.simulator.server import LoopbackServer

MAX_BODY_BYTES = 1 << 20

_HALVED = frozenset(
    {Delivery.RESET_MID_BODY, Delivery.CLOSE_MID_BODY, Delivery.STALL_MID_BODY}
)
_TLS_HANDSHAKE = b"\x16"
_LOOK_EVERY_MS = 20
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection(BaseHTTPRequestHandler):
    """Serves the requests of one client; names as the base class wants them."""

    server: LoopbackServer
    connection: socket.socket
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Speak TLS if the client begins with it."""
        if self.server.tls and self._starts_with_tls():
            self._begin_tls(self.server.tls)
        super().setup()

    def finish(self) -> None:
        """Let go of what `setup` or a tunnel has made."""
        with suppress(OSError):
            super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            self.server.forget(self.request)
            self.request.close()

    def log_message(self, *_: object) -> None:
        """Keep quiet: the truth log has it all."""

    def do_CONNECT(self) -> None:
        """Open a tunnel that ends here."""
        host = self.path.rpartition(":")[0]
        if self.server.tls is None or self._endpoint(host) is None:
            self._refuse(HTTPStatus.FORBIDDEN, f"{host} is not simulated with TLS")
            return
        self._send(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        self._begin_tls(self.server.tls)
        super().setup()
        self.close_connection = False

    def do_GET(self) -> None:
        """Answer the control path; AGCOD itself is only ever posted to."""
        self._handle()

    def do_POST(self) -> None:
        """Answer a call, or the control path."""
        self._handle()

    def _handle(self) -> None:
        try:
            body = self._body()
        except ValueError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        if self.path.startswith(CONTROL_PATH):
            reply = control_reply(self.server.engine, self.command, self.path, body)
            self._send(_http_bytes(reply))
            return
        host = self.headers.get("Host", "")
        endpoint = self._endpoint(host)
        if endpoint is None:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, f"no endpoint for {host}")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        engine = self.server.engine
        self._answer(engine.exchange(endpoint, self.path, headers, body))

    def _endpoint(self, host: str) -> Endpoint | None:
        return endpoint_of(host, self.server.hosts)

    def _answer(self, exchange: Exchange) -> None:
        rule = exchange.rule()
        while rule and rule.fault.delivery is Delivery.NEVER:
            exchange.withheld(rule.fault)
            if not self._is_wanted_after(rule, exchange):
                self.close_connection = True
                return
            rule = exchange.rule()
        fault = rule.fault if rule else None
        reply, answered = exchange.reply(fault)
        if fault and self.server.closing.wait(fault.delay_s):
            self.close_connection = True
            return
        exchange.answering(answered)
        self._deliver(reply, exchange, rule)

    def _deliver(self, reply: Reply, exchange: Exchange, rule: Rule | None) -> None:
        delivery = rule.fault.delivery if rule else Delivery.WHOLE
        whole = _http_bytes(reply)
        half = len(reply.body) // 2
        if rule is None or delivery is Delivery.WHOLE:
            self._send(whole)
        elif delivery is Delivery.TRUNCATED:
            cut = Reply(
                http_status=reply.http_status,
                headers=reply.headers,
                body=reply.body[:half],
            )
            self._send(_http_bytes(cut))
        elif delivery in _HALVED:
            self._send(whole[: len(whole) - half])
            self._end_of_half(whole[len(whole) - half :], exchange, rule)
        elif delivery is Delivery.CLOSE:
            self.close_connection = True
        else:
            self._reset()

    def _end_of_half(self, rest: bytes, exchange: Exchange, rule: Rule) -> None:
        if rule.fault.delivery is Delivery.RESET_MID_BODY:
            self._reset()
        elif rule.fault.delivery is Delivery.CLOSE_MID_BODY:
            self.close_connection = True
        elif self._is_wanted_after(rule, exchange):
            self._send(rest)
        else:
            self.close_connection = True

    def _is_wanted_after(self, rule: Rule, exchange: Exchange) -> bool:
        """Wait while `rule` stands; return whether the client has waited too."""
        while not self._client_is_gone():
            if not exchange.holds(rule):
                return True
        return False

    def _client_is_gone(self) -> bool:
        # AGCOD's clients never pipeline, so whatever comes is an end: theirs,
        # or the one that `LoopbackServer.close` makes.
        look = select.poll()
        look.register(self.connection, select.POLLIN)
        return bool(look.poll(_LOOK_EVERY_MS))

    def _reset(self) -> None:
        """Drop the connection so that the client's side sees a TCP reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        os.close(self.connection.detach())

    def _send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def _refuse(self, status: HTTPStatus, problem: str) -> None:
        self.close_connection = True
        headers = {"Content-Type": "text/plain;charset=UTF-8", "Connection": "close"}
        body = f"agcod-guard simulator: {problem}\n".encode()
        self._send(_http_bytes(Reply(http_status=status, headers=headers, body=body)))

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        return self._exactly(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self._exactly(size, already=len(body))
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _exactly(self, length: int, *, already: int = 0) -> bytes:
        if not 0 <= length <= MAX_BODY_BYTES - already:
            raise ValueError(f"a body may have {MAX_BODY_BYTES} bytes")
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionError("the client left in the middle of its request")
        return data

    def _starts_with_tls(self) -> bool:
        first: bytes = self.request.recv(1, socket.MSG_PEEK)
        return first == _TLS_HANDSHAKE

    def _begin_tls(self, context: ssl.SSLContext) -> None:
        plain: socket.socket = self.request
        tls = context.wrap_socket(
            plain, server_side=True, do_handshake_on_connect=False
        )
        self.request = tls
        # Before the handshake, so that `close` also ends one that stalls.
        self.server.keep(tls)
        try:
            tls.do_handshake()
        except OSError:
            self.server.forget(tls)
            tls.close()
            raise


def _http_bytes(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.http_status} {HTTPStatus(reply.http_status).phrase}"]
    headers = {**reply.headers, "Content-Length": str(len(reply.body))}
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body
