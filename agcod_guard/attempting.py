"""Follow one order through its attempts, and let no other order take its place.

`capture.retry` opens a `Try` round each attempt. Whatever a client sends
meanwhile, in the same thread or task, passes the recorder, which asks the try
first and tells it how the call has ended. A repeat that carries another request
id than the attempts before, or goes to another account or endpoint, is refused
there, before it is sent: it could buy the card twice.

This is the one place where something of ours raises into the path of a call. It
does so only for a partner who has asked for retries.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, Token

from agcod_guard.errors import ChangedRequestIdError
from agcod_guard.frames import Begin, End
from agcod_guard.protocol.operations import OPERATIONS


class Order:
    """One order under retry: all that its attempts have sent.

    Attributes:
        tries: How many attempts have begun.
        sent_as: The ids it was sent with, each with account and endpoint; one,
            unless the first attempt placed several orders.
        unreadable: An order was sent whose request id cannot be read.
    """

    __slots__ = ("_sent", "sent_as", "tries", "unreadable")

    def __init__(self, sent: Callable[[Begin], object]) -> None:
        """Prepare; `sent` is told of each call of it before it goes out."""
        self._sent = sent
        self.tries = 0
        self.sent_as: dict[tuple[str, str], None] = {}
        self.unreadable = False

    def note(self, begun: Begin) -> None:
        """Remember what is sent."""
        self._sent(begun)
        if begun.request_id is not None:
            self.sent_as[begun.request_id, _scope_of(begun)] = None
        self.unreadable |= begun.request_id is None


class Try:
    """One attempt at an order, while it lasts; a context manager.

    A task that was started within it and outlives it is followed no longer: it
    may serve other orders.

    Attributes:
        number: 1 for the first attempt.
        sent: How many calls of it went out.
        end: How the last of them has ended, one that may change something
            before one that only reads; while its body is unread, what its head
            says. None if none was answered or failed.
    """

    __slots__ = ("_order", "_outside", "end", "number", "sent")

    def __init__(self, order: Order) -> None:
        order.tries += 1
        self._order, self.number = order, order.tries
        self._outside: Token[tuple[Try, ...]] | None = None
        self.sent = 0
        self.end: End | None = None

    def __enter__(self) -> None:
        self._outside = _here.set((*_here.get(), self))

    def __exit__(self, *_: object) -> None:
        outside, self._outside = self._outside, None
        with suppress(ValueError):  # entered in another context, as generators may be
            if outside is not None:
                _here.reset(outside)

    def admit(self, begun: Begin | None) -> None:
        """Let a call be sent.

        Args:
            begun: What is read of it; None if nothing could be read.

        Raises:
            ChangedRequestIdError: It is a repeat and not of this order.
        """
        if self._outside is None:
            return
        if begun is None:
            self._admit_unread()
        elif not _only_reads(begun):
            if self.number > 1:
                self._check(begun.operation, begun.request_id, _scope_of(begun))
            self._order.note(begun)
        self.sent += 1

    def saw(self, end: End) -> None:
        """Note that a call has ended, or what its head alone says of it."""
        if self._outside is None:
            return
        if self.end is None or _only_reads(self.end) or not _only_reads(end):
            self.end = end

    def _admit_unread(self) -> None:
        if self.number > 1:
            self._check("a call", None, "")
        self._order.unreadable = True

    def _check(self, operation: str, request_id: str | None, scope: str) -> None:
        known = self._order.sent_as
        if known and (request_id, scope) not in known:
            known_id, known_scope = next(iter(known))
            raise ChangedRequestIdError(
                operation,
                request_id=known_id,
                refused=request_id,
                scope=known_scope,
                refused_scope=scope,
            )


_here: ContextVar[tuple[Try, ...]] = ContextVar("agcod_guard_tries", default=())


def tries_here() -> tuple[Try, ...]:
    """Return the attempts that this thread or task is in, the outermost first."""
    return _here.get()


def _scope_of(begun: Begin) -> str:
    return f"{begun.account}/{begun.endpoint}"


def _only_reads(begun: Begin) -> bool:
    """Tell whether the call changes nothing; such a call has an id of its own."""
    operation = OPERATIONS.get(begun.operation)
    return operation is not None and operation.read_only
