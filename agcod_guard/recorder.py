"""Turn what capture sees of a call into frames; the hot path.

Not pure: asks its clock, writes to its journal, tells its observer. A call costs
one append when it is sent and one when it has ended, and nothing here waits for
a lock, a disk or a network. `begin`, `end`, `record`, `sweep` and `write_samples`
contain what fails in them: their caller is the partner's own call, or the one
helper thread.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from random import Random
from threading import get_ident
from weakref import WeakSet

from agcod_guard.attempting import tries_here
from agcod_guard.call import UNKNOWN_ACCOUNT, Call, Endpoint
from agcod_guard.errors import ChangedRequestIdError, swallowed
from agcod_guard.frames import Begin, End, end_of
from agcod_guard.open_call import OpenCall, kept_part
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.ports import Clock, Journal, Observer
from agcod_guard.protocol.reading import read_answer, read_request_to
from agcod_guard.protocol.targets import Targets
from agcod_guard.protocol.untrusted import name_of, safe_address, safe_call
from agcod_guard.samples import Samples

UNREAD_S = 30.0
"""How long an answer's body may stay unread before the call ends without it."""

_MOST_UNREAD = 10_000


@dataclass(slots=True)
class Probing:
    """A test call under way.

    Attributes:
        calls: How many calls of it guarded clients have shown.
    """

    calls: int = 0


class Recorder:
    """Journal every call, once when it is sent and once when it has ended.

    Args:
        journal: Where the frames go.
        observer: Told of each ended call.
        clock: Asked at both ends of a call, and when its answer's head comes.
        hosts: Names from the settings, lower case and without ports.
        partner_id: The account of calls that carry none; None if not set.
        source: This machine's name, which is that in the journal's headers.
        policy: Says how often a failing exchange is kept.
    """

    def __init__(  # noqa: PLR0913  # the one place where a recorder is put together
        self,
        journal: Journal,
        observer: Observer,
        clock: Clock,
        *,
        hosts: Mapping[str, Endpoint],
        partner_id: str | None,
        source: str,
        policy: OutagePolicy,
    ) -> None:
        self.hosts = hosts
        self._journal, self._observer, self._clock = journal, observer, clock
        self._targets = Targets(hosts)
        self._partner_id, self._source = partner_id, source
        self._sample_every_s = policy.sample_every_s
        self._told_of_timeout = self._told_of_repeats = False
        self._start_afresh()
        _recorders.add(self)

    def begin(
        self,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: object,
        probe: bool = False,
        via: str | None = None,
    ) -> OpenCall | None:
        """Journal that a call is being sent.

        Args:
            method: HTTP method.
            url: Full URL.
            headers: Request headers.
            body: Bytes or text; anything else (a file, a generator) is the
                partner's to read and is not touched.
            probe: A harmless test call of the guard.
            via: `host:port` of the proxy it goes through; empty for none, None
                if not known.

        Returns:
            What `end` needs; None if the call cannot be recorded.

        Raises:
            ChangedRequestIdError: It would repeat an order under `retrying` with
                another request id; the one error that may reach the partner.
        """
        opened, tries = None, tries_here()
        try:
            seen = kept_part(body)
            probe = probe or (bool(self._probes) and self._is_probing())
            begun = self._begun(url, headers, seen, probe=probe, via=via)
            for each in tries:
                each.admit(begun)
            opened = OpenCall(begun, method=method, url=url, headers=headers, body=seen)
            opened.tries = tries
            self._journal.append(begun)
        except ChangedRequestIdError:
            raise
        except Exception as error:
            self.contain("recorder.begin", error)
        if opened is None:
            for each in tries:
                each.admit(None)
        return opened

    def answered(
        self,
        opened: OpenCall,
        *,
        status: int | None,
        headers: Mapping[str, str],
        attempts: int = 1,
    ) -> None:
        """Note the head of the answer, whose body is still to come."""
        opened.status, opened.answer_headers = status, headers
        opened.answered_mono_s = self._clock.monotonic_s()
        if attempts > 1:
            self.sent_several_times(opened, attempts)
        if opened.tries:
            # Whoever leaves the attempt with the body unread is judged by the head.
            wall_ns, mono_ns = self._now_ns()
            _tell_tries(opened, _ended(opened, wall_ns, mono_ns, body=None, error=None))

    def await_body(self, opened: OpenCall) -> None:
        """Let `sweep` end the call if nobody begins to read the answer's body."""
        if len(self._unread) < _MOST_UNREAD:
            self._unread[opened.begun.call_id] = opened
        else:
            self.end(opened)

    def reading(self, opened: OpenCall) -> None:
        """Note that somebody reads the body, which may take its time."""
        self._unread.pop(opened.begun.call_id, None)

    def left_unread(self, opened: OpenCall, *, body: bytes | None = None) -> None:
        """Let the next `sweep` end the call: nobody will read its answer's body.

        A finalizer may come in the middle of anything, also of the writing of
        another frame, so this only puts the call by.

        Args:
            opened: What `begin` returned.
            body: The answer's body if all of it had come; None if not.
        """
        self.reading(opened)
        self._left.append((opened, body))

    def end(
        self,
        opened: OpenCall | None,
        *,
        body: bytes | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Journal that a call has ended; a second end of it is ignored.

        Args:
            opened: What `begin` returned.
            body: The answer's body, at most its first 64 kB; None if it was not
                seen.
            error: What the caller saw instead of an answer.
        """
        try:
            if opened is not None and opened.claim():
                wall_ns, mono_ns = self._now_ns()
                self._end(opened, wall_ns, mono_ns, body=body, error=error)
        except Exception as trouble:
            self.contain("recorder.end", trouble)

    @contextmanager
    def probing(self) -> Iterator[Probing]:
        """Mark what this thread sends meanwhile as test calls of the guard."""
        thread, seen = get_ident(), Probing()
        self._probes[thread] = seen
        try:
            yield seen
        finally:
            del self._probes[thread]

    def record(self, call: Call) -> None:
        """Journal a call that somebody else has seen and classified."""
        try:
            self._record(call)
        except Exception as error:
            self.contain("recorder.record", error)

    def sent_without_timeout(self, opened: OpenCall) -> None:
        """Tell, once a process, that a call may wait for ever."""
        if not self._told_of_timeout:
            self._told_of_timeout = True
            self._observer.call_without_timeout(opened.begun.operation)

    def sent_several_times(self, opened: OpenCall, attempts: int) -> None:
        """Note that a client has repeated a call unasked; tell it once a process."""
        opened.attempts = attempts
        if not self._told_of_repeats:
            self._told_of_repeats = True
            self._observer.hidden_retries(opened.begun.operation, attempts)

    def sweep(self, *, last: bool = False) -> None:
        """End the calls whose body nobody has read or will read; once a second.

        A response hook that raises leaves such a call. It ended when its head
        came, and is judged by that.

        Args:
            last: Nobody will look again, so wait for no reader any longer.
        """
        try:
            while self._left:
                self._end_unread(*self._left.popleft())
            oldest_s = self._clock.monotonic_s() - (0.0 if last else UNREAD_S)
            for opened in self._unread.copy().values():
                if opened.answered_mono_s <= oldest_s:
                    self._end_unread(opened)
        except Exception as error:
            self.contain("recorder.sweep", error)

    def write_samples(self) -> None:
        """Redact and journal the failing exchanges that wait; helper thread."""
        try:
            self._samples.write()
        except Exception as error:
            self.contain("recorder.samples", error)

    def contain(self, stage: str, error: Exception) -> None:
        """Count an error of ours, so that it goes no further."""
        with suppress(Exception):
            self._observer.internal_error(stage, error)
        with suppress(Exception):
            swallowed(stage, error)

    def _is_probing(self) -> bool:
        seen = self._probes.get(get_ident())
        if seen is None:
            return False
        seen.calls += 1
        return True

    def _start_afresh(self) -> None:
        """Forget the calls in flight: after a fork they are the parent's."""
        # Not os.urandom at each call, which gives up the GIL; not the generator
        # of the random module, whose sequence belongs to the partner.
        self._random = Random()
        self._probes: dict[int, Probing] = {}
        self._unread: dict[str, OpenCall] = {}
        self._left: deque[tuple[OpenCall, bytes | None]] = deque(maxlen=_MOST_UNREAD)
        self._samples = Samples(self._journal, self._observer, self._sample_every_s)

    def _new_call_id(self) -> str:
        return f"{self._random.getrandbits(64):016x}"

    def _now_ns(self) -> tuple[int, int]:
        """Return wall and monotonic clock."""
        clock = self._clock
        return int(clock.wall_s() * 1e9), int(clock.monotonic_s() * 1e9)

    def _begun(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        probe: bool,
        via: str | None,
    ) -> Begin:
        target = self._targets.of(url)
        facts = read_request_to(target, headers, body)
        wall_ns, mono_ns = self._now_ns()
        return Begin(
            call_id=self._new_call_id(),
            wall_ns=wall_ns,
            mono_ns=mono_ns,
            account=facts.partner_id or self._partner_id or UNKNOWN_ACCOUNT,
            endpoint=target.endpoint_name,
            operation=facts.operation,
            request_id=facts.request_id,
            amount=facts.amount,
            currency=facts.currency,
            card_serial=facts.card_serial,
            probe=probe,
            origin=target.origin,
            via=safe_address(via),
        )

    def _end(
        self,
        opened: OpenCall,
        wall_ns: int,
        mono_ns: int,
        *,
        body: bytes | None,
        error: BaseException | None,
    ) -> None:
        ended = _ended(opened, wall_ns, mono_ns, body=body, error=error)
        _tell_tries(opened, ended)
        self._journal.append(ended)
        self._samples.put_by(ended, opened, body)
        self._observer.call_ended(ended)

    def _end_unread(self, opened: OpenCall, body: bytes | None = None) -> None:
        self.reading(opened)
        if opened.claim():
            mono_ns = int(opened.answered_mono_s * 1e9)
            wall_ns = opened.begun.wall_ns + mono_ns - opened.begun.mono_ns
            self._end(opened, wall_ns, mono_ns, body=body, error=None)

    def _record(self, call: Call) -> None:
        filled = replace(
            safe_call(call),
            call_id=name_of(call.call_id) or self._new_call_id(),
            partner_id=name_of(call.partner_id) or self._partner_id,
            source=name_of(call.source) or self._source,
        )
        now_s = self._clock.wall_s()
        ended_at_s = min(call.ended_at_s, now_s)  # nothing ends in the future
        ago_s = now_s - ended_at_s
        ended = end_of(
            filled,
            wall_ns=int(ended_at_s * 1e9),
            mono_ns=int((self._clock.monotonic_s() - ago_s) * 1e9),
        )
        self._journal.append(ended)
        self._observer.call_ended(ended)


def _ended(
    opened: OpenCall,
    wall_ns: int,
    mono_ns: int,
    *,
    body: bytes | None,
    error: BaseException | None,
) -> End:
    """Return how the call has ended, judged by what was seen of it."""
    answer = read_answer(
        operation=opened.begun.operation,
        status=opened.status,
        response_headers=opened.answer_headers,
        response_body=body,
        error=error,
    )
    return opened.ended(answer, wall_ns=wall_ns, mono_ns=mono_ns)


def _tell_tries(opened: OpenCall, ended: End) -> None:
    for each in opened.tries:
        each.saw(ended)


_recorders: WeakSet[Recorder] = WeakSet()


def _start_afresh_after_fork() -> None:
    for recorder in tuple(_recorders):
        recorder._start_afresh()


os.register_at_fork(after_in_child=_start_afresh_after_fork)
