"""Where things stand now: the last checkpoint, and what was written since.

Reads, folds, and changes nothing, so a command may reckon beside a guard that
is at work. `watch.py` acts on what is reckoned here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields

import msgspec

from agcod_guard.axes import Axes
from agcod_guard.frames import Frame, Header
from agcod_guard.heartbeat import unhurried
from agcod_guard.journal.stream import Mark, Stream, Taken
from agcod_guard.outage.fold import Fold, FoldState
from agcod_guard.outage.moves import Change
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.ports import JournalReader

Follow = Callable[[Iterable[Taken], float], None]
"""Told of frames, oldest first, and of the time up to which there are no more."""


class ReckoningState(msgspec.Struct, frozen=True, kw_only=True):
    """A reckoning at rest: what a checkpoint keeps of it."""

    fold: FoldState
    mark: Mark


class Reckoning:
    """The journal of every process, folded up to a moment.

    Attributes:
        axes: Places the clocks of other boots on this one's axis.
        present: The fold as it stood at the last look.
        follow: Told of all that is folded for good, once and in order; None for
            nobody.
    """

    def __init__(
        self,
        reader: JournalReader,
        *,
        policy: OutagePolicy,
        header: Header,
        state: ReckoningState | None = None,
    ) -> None:
        """Begin where `state` was kept, on the axis of `header`'s boot."""
        self.follow: Follow | None = None
        self._policy, self._source = policy, header.source
        self.axes = axes = Axes(header)
        if state is None:
            self._folded, mark = Fold(policy), Mark()
        else:
            self._folded, mark = Fold.resumed(state.fold, policy), state.mark
        self._stream = Stream(reader, axes, header=header, mark=mark)
        self.present = self._folded.copied()

    def catch_up(self, since_s: float, *, now_s: float) -> list[Change]:
        """Fold what stands in the journal, in bounded memory.

        Args:
            since_s: Segments last written before this wall time are passed over.
            now_s: The present, on the axis. Frames from after it, as of a boot
                whose clock was ahead of ours, wait for their time.
        """
        moves: list[Change] = []
        for read_s in self._stream.catch_up(since_s):
            until_s = min(read_s, now_s) - self._late_s()
            moves += self._fold(until_s)
        return moves

    def read(self) -> None:
        """Read what has been written since the last time.

        Raises:
            DataError: The journal cannot be read.
        """
        self._stream.read()

    def add(self, frames: Iterable[Frame]) -> None:
        """Take in frames of this process that could not be written."""
        self._stream.add(frames)

    def look(self, now_s: float) -> list[Change]:
        """Fold what has been read, and let time pass up to `now_s`.

        Returns:
            What changed. Of the newest events, which late ones may still join,
            a change is returned at every look until it can change no more.
        """
        until_s = now_s - self._late_s()
        moves = self._fold(until_s)
        self.present = self._folded.copied()
        return moves + self.present.fold(unhurried(self._stream.rest(now_s)), now_s)

    def at_rest(self) -> ReckoningState:
        """Return what a checkpoint must keep."""
        return ReckoningState(fold=self._folded.at_rest(), mark=self._stream.mark())

    def _fold(self, until_s: float) -> list[Change]:
        """Take in for good what nothing older can join any more."""
        taken = self._stream.take(until_s)
        if self.follow is not None:
            self.follow(unhurried(taken), until_s)
        return self._folded.fold(unhurried([each.event for each in taken]), until_s)

    def _late_s(self) -> float:
        others = self._stream.sources - {self._source}
        return self._policy.late_other_s if others else self._policy.late_s


def reckoned(
    reader: JournalReader,
    *,
    header: Header,
    policy: OutagePolicy,
    now_s: float,
    state: ReckoningState | None = None,
    since_s: float = float("-inf"),
) -> Reckoning:
    """Return where things stand at `now_s`, changing nothing.

    Args:
        reader: The journal.
        header: Says whose boot is the axis, and which machine asks.
        policy: The policy in force.
        now_s: The present, on the axis.
        state: What a checkpoint keeps; None to begin without.
        since_s: Segments last written before this wall time are passed over.

    Raises:
        DataError: The journal cannot be read.
    """
    reckoning = Reckoning(reader, policy=policy, header=header, state=state)
    reckoning.catch_up(since_s, now_s=now_s)
    reckoning.look(now_s)
    return reckoning


def policy_of(header: Header) -> OutagePolicy:
    """Return the policy that was in force where that segment was written.

    What the header does not name has its default; what this version does not
    know is passed over.
    """
    default = OutagePolicy()
    kinds = {each.name: type(getattr(default, each.name)) for each in fields(default)}
    return OutagePolicy(
        **{name: kinds[name](at) for name, at in header.policy.items() if name in kinds}
    )
