"""An SMTP server on a raw socket, which does at each step what a test wants."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

END = b"\r\n.\r\n"


class Dropped(Exception):
    """The server hangs up."""


@dataclass
class Session:
    """One conversation, from the server's side."""

    conn: socket.socket
    content: bytes = b""
    envelope: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def reply(self, text: str) -> None:
        self.conn.sendall(text.encode() + b"\r\n")


Action = Callable[["SmtpServer", Session], bool]
"""Acts at a step; True: the step is done, nothing more is to be said."""
Plan = Mapping[str, Action]


def says(text: str) -> Action:
    def act(server: SmtpServer, session: Session) -> bool:
        session.reply(text)
        return True

    return act


def drops(server: SmtpServer, session: Session) -> bool:
    raise Dropped


def keeps_and_drops(server: SmtpServer, session: Session) -> bool:
    server.keep(session)
    raise Dropped


def keeps_and_is_late(server: SmtpServer, session: Session) -> bool:
    server.keep(session)
    hangs(server, session)
    return True


def hangs(server: SmtpServer, session: Session) -> bool:
    """Say nothing until the client has gone."""
    with contextlib.suppress(OSError):
        while session.conn.recv(4096):
            pass
    raise Dropped


def dribbles(server: SmtpServer, session: Session) -> bool:
    """Say a word without an end, byte by byte."""
    with contextlib.suppress(OSError):
        while True:
            session.conn.sendall(b"2")
            time.sleep(0.02)
    raise Dropped


def babbles(server: SmtpServer, session: Session) -> bool:
    """Say lines without an end."""
    with contextlib.suppress(OSError):
        while True:
            session.conn.sendall(b"220-and so on\r\n" * 100)
    raise Dropped


def then(act: Callable[[], object], after: Action | None = None) -> Action:
    """Act, and then do what comes otherwise."""

    def both(server: SmtpServer, session: Session) -> bool:
        act()
        return after(server, session) if after else False

    return both


class SmtpServer:
    """Serves one connection after the other, each by the next plan.

    Attributes:
        mails: (envelope, content) of each mail it has taken over.
        sessions: Every conversation, oldest first.
    """

    def __init__(
        self,
        plans: Sequence[Plan] = (),
        *,
        features: Sequence[str] = ("SIZE 1000000", "8BITMIME"),
        wrapped_in: ssl.SSLContext | None = None,
    ) -> None:
        self._plans, self._features = list(plans), list(features)
        self._wrapped_in = wrapped_in
        self.mails: list[tuple[tuple[str, ...], bytes]] = []
        self.sessions: list[Session] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> SmtpServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5.0)

    def plan(self, *plans: Plan) -> None:
        self._plans = list(plans)

    @property
    def is_well(self) -> bool:
        """Whether nothing is planned any more."""
        return not self._plans

    def keep(self, session: Session) -> None:
        self.mails.append((tuple(session.envelope), session.content))

    def _run(self) -> None:
        while True:
            try:
                conn, _ = self._listening.accept()
            except OSError:
                return
            session = Session(conn)
            self.sessions.append(session)
            plan = self._plans.pop(0) if self._plans else {}
            with contextlib.suppress(OSError, Dropped):
                self._converse(session, plan)
            session.conn.close()

    def _converse(self, session: Session, plan: Plan) -> None:
        if self._wrapped_in:
            session.conn = self._wrapped_in.wrap_socket(session.conn, server_side=True)
        self._step("connect", "220 ready", session, plan)
        while line := self._line(session):
            session.said.append(line)
            verb = line.split()[0].lower()
            if verb == "quit":
                return session.reply("221 bye")
            answers = {
                "ehlo": "\r\n".join(
                    [
                        *(f"250-{each}" for each in ["shop.invalid", *self._features]),
                        "250 HELP",
                    ]
                ),
                "starttls": "220 go on",
                "data": "354 go on",
                "auth": "235 welcome",
            }
            if verb in ("mail", "rcpt"):
                session.envelope.append(line.partition(":")[2].split()[0])
            done = self._step(verb, answers.get(verb, "250 OK"), session, plan)
            if verb == "data" and not done:
                self._take(session, plan)
        return None

    def _take(self, session: Session, plan: Plan) -> None:
        received = session.conn.recv(1)
        if "content" in plan:
            plan["content"](self, session)
        while not received.endswith(END):
            chunk = session.conn.recv(65_536)
            if not chunk:
                raise Dropped
            received += chunk
        content = received.removesuffix(b".\r\n")
        session.content = (b"\r\n" + content).replace(b"\r\n..", b"\r\n.")[2:]
        if "dot" in plan and plan["dot"](self, session):
            return
        self.keep(session)
        session.reply("250 2.0.0 queued as 7F")
        if "replied" in plan:
            plan["replied"](self, session)

    def _step(self, name: str, answer: str, session: Session, plan: Plan) -> bool:
        if name in plan and plan[name](self, session):
            return True
        session.reply(answer)
        return False

    def _line(self, session: Session) -> str:
        line = b""
        while not line.endswith(b"\r\n"):
            byte = session.conn.recv(1)
            if not byte:
                return ""
            line += byte
        return line.decode().strip()
