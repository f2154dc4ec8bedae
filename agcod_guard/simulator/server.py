"""The HTTP side: sockets on loopback, TLS and CONNECT, answers and how they break.

Speaks HTTP/1.1 with keep-alive. Each connection has a thread; `close` ends
them all, also those that hang on purpose. A CONNECT tunnel ends here: nothing
is ever connected to.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any

from agcod_guard.call import Endpoint
from agcod_guard.protocol.endpoints import endpoint_of
from agcod_guard.simulator.control import CONTROL_PATH, control_reply
from agcod_guard.simulator.engine import Engine, Exchange
from agcod_guard.simulator.faults import Delivery, Rule
from agcod_guard.simulator.wire import Reply

MAX_BODY_BYTES = 1 << 20
LOOPBACK = "127.0.0.1"

_HALVED = frozenset(
    {Delivery.RESET_MID_BODY, Delivery.CLOSE_MID_BODY, Delivery.STALL_MID_BODY}
)
_TLS_HANDSHAKE = b"\x16"
_LOOK_EVERY_S = 0.02
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class LoopbackServer(TCPServer):
    """Accepts connections on 127.0.0.1 and hands each to a thread.

    Args:
        port: TCP port; 0 for any free one.
        engine: What answers.
        hosts: Endpoint by host name, before Amazon's own names.
        tls: Context to serve TLS with; None to speak plain HTTP only.
    """

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        engine: Engine,
        *,
        hosts: Mapping[str, Endpoint],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.engine, self.hosts, self.tls = engine, dict(hosts), tls
        self.closing = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._acceptor = threading.Thread(
            target=self.serve_forever,
            args=(_LOOK_EVERY_S,),
            name="agcod-simulator",
            daemon=True,
        )

    @property
    def port(self) -> int:
        """The TCP port in use."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Begin to accept."""
        self._acceptor.start()

    def close(self) -> None:
        """End every connection and thread, and free the port."""
        self.closing.set()
        self.shutdown()
        self._acceptor.join()
        self.server_close()
        with self._lock:
            sockets, threads = tuple(self._sockets), tuple(self._threads)
        for opened in sockets:
            # The plain class: SSLSocket's own would pull the TLS state away
            # from under the thread that is reading.
            with suppress(OSError):
                socket.socket.shutdown(opened, socket.SHUT_RDWR)
        for thread in threads:
            thread.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection in a thread of its own."""
        thread = threading.Thread(
            target=self._serve,
            args=(request, client_address),
            name="agcod-simulator-connection",
            daemon=True,
        )
        self.keep(request)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def keep(self, opened: socket.socket) -> None:
        """Remember a socket that `close` has to end."""
        with self._lock:
            self._sockets.add(opened)

    def forget(self, ended: socket.socket) -> None:
        """Drop a socket that has ended or become part of another."""
        with self._lock:
            self._sockets.discard(ended)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; tell of our own mistakes."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def _serve(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)
            self.forget(request)
            with self._lock:
                self._threads.discard(threading.current_thread())


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackServer
    connection: socket.socket
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        if self.server.tls and self._starts_with_tls():
            self._begin_tls(self.server.tls)
        super().setup()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            self.server.forget(self.request)
            self.request.close()

    def log_message(self, *_: object) -> None:
        """Keep quiet: the truth log has it all."""

    def do_CONNECT(self) -> None:
        host = self.path.rpartition(":")[0]
        if self.server.tls is None or self._endpoint(host) is None:
            self._refuse(HTTPStatus.FORBIDDEN, f"{host} is not simulated with TLS")
            return
        self._send(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        self._begin_tls(self.server.tls)
        super().setup()
        self.close_connection = False

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
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
        while exchange.holds(rule):
            if self.server.closing.is_set() or self._client_is_gone():
                return False
        return True

    def _client_is_gone(self) -> bool:
        # AGCOD's clients never pipeline, so whatever comes is an end.
        readable, _, _ = select.select([self.connection], [], [], _LOOK_EVERY_S)
        return bool(readable)

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
        tls.do_handshake()


def _http_bytes(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.http_status} {HTTPStatus(reply.http_status).phrase}"]
    headers = {**reply.headers, "Content-Length": str(len(reply.body))}
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body
