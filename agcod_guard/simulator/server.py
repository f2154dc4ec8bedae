"""The listening side: a socket on loopback and a thread for each connection.

`close` ends them all, also those that hang on purpose.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from socketserver import TCPServer
from typing import Any

from agcod_guard.call import Endpoint
from agcod_guard.simulator.connection import Connection
from agcod_guard.simulator.engine import Engine

LOOPBACK = "127.0.0.1"

_ACCEPT_POLL_S = 0.02


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
        super().__init__((LOOPBACK, port), Connection)
        self.engine, self.hosts, self.tls = engine, dict(hosts), tls
        self.closing = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._acceptor = threading.Thread(
            target=self.serve_forever,
            args=(_ACCEPT_POLL_S,),
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
            _end(opened)
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
        """Remember a socket that `close` has to end, or has to end already."""
        with self._lock:
            self._sockets.add(opened)
        if self.closing.is_set():
            _end(opened)

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


def _end(opened: socket.socket) -> None:
    # The plain class: SSLSocket's own method would pull the TLS state away
    # from under the thread that is reading.
    with suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
