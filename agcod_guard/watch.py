"""The slow path: from the journal's frames to states, incidents and packets.

Once a second one process per host reckons where things stand, follows what has
changed, and tells it. What was told is kept with the state, in one transaction,
so that a restart neither forgets nor repeats. The other processes hear of it
from the ladder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from agcod_guard.call import Scope
from agcod_guard.errors import DataError
from agcod_guard.frames import Header, TransitionNote
from agcod_guard.incident.casebook import Casebook, transition_of
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.outage.detector import Phase, Transition
from agcod_guard.outage.fold import Fold, Move, move_to
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.ports import (
    Checkpoint,
    Clock,
    Journal,
    JournalReader,
    Ladder,
    Observer,
    Turn,
)
from agcod_guard.reckoning import Reckoning, ReckoningState

REFOLDED_S = 86_400.0
"""Without a checkpoint, this much of the journal is folded anew."""

RETRY_PACKET_S = 10.0


class Packer(Protocol):
    """Makes an incident's files."""

    def pack(self, incident: Incident, now_s: float) -> Incident:
        """Write the files as of `now_s` (wall clock); return the new revision.

        Raises:
            OSError, DataError: They could not be written; nothing is half done.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the watch reads from and acts on."""

    reader: JournalReader
    journal: Journal
    ladder: Ladder
    packer: Packer
    observer: Observer
    turn: Turn
    clock: Clock


class WatchState(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint keeps.

    Attributes:
        reckoning: The fold, and where to read on.
        told: Per scope, the phase last told and since when (wall clock).
        epoch_s: Wall time at which the axis stands at 0.
    """

    reckoning: ReckoningState
    told: dict[str, tuple[Phase, float]]
    epoch_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScope:
    """What a checkpoint tells of a scope; times in seconds since the epoch."""

    scope: Scope
    phase: Phase
    first_failed_at_s: float | None
    last_success_at_s: float | None


def kept_scopes(checkpoint: Checkpoint) -> list[KeptScope]:
    """Return the scopes as they were when the checkpoint was made."""
    state = _state_in(checkpoint)
    if state is None:
        return []

    def wall(at_s: float | None) -> float | None:
        return None if at_s is None else at_s + state.epoch_s

    return [
        KeptScope(
            scope=Scope.parse(scope),
            phase=state.told.get(scope, (Phase.OK, 0.0))[0],
            first_failed_at_s=wall(kept.evidence.first_failed_at_s),
            last_success_at_s=wall(kept.evidence.last_success_at_s),
        )
        for scope, kept in state.reckoning.fold.scopes.items()
    ]


def kept_reckoning(checkpoint: Checkpoint, header: Header) -> ReckoningState | None:
    """Return what can be gone on from; None if its clock was another boot's."""
    state = _state_in(checkpoint)
    same_boot = checkpoint.boot_id == header.boot_id
    return state.reckoning if state is not None and same_boot else None


def folded_since_s(
    checkpoint: Checkpoint | None,
    header: Header,
    *,
    incidents: Iterable[Incident],
    now_s: float,
) -> float:
    """Return from which wall time on the journal is to be folded.

    Args:
        checkpoint: The last one; None if there is none.
        header: Says whose boot is the axis.
        incidents: All that is known; an open one is folded from its beginning.
        now_s: The present, wall clock.
    """
    if checkpoint is not None and kept_reckoning(checkpoint, header) is not None:
        return float("-inf")
    open_since_s = [
        each.first_failed_at_s for each in incidents if each.stage is not Stage.RESOLVED
    ]
    return min([now_s - REFOLDED_S, *open_since_s])


class Watch:
    """One process's part in watching; acts only when it has the turn."""

    def __init__(
        self, around: Surroundings, *, header: Header, policy: OutagePolicy
    ) -> None:
        self._around, self._header, self._policy = around, header, policy
        self._desk: _Desk | None = None
        self._heard: int | None = None

    @property
    def present(self) -> Fold | None:
        """The fold as of the last tick; None where another process ticks."""
        return None if self._desk is None else self._desk.reckoning.present

    def tick(self, now_s: float) -> list[Transition]:
        """Look once, if it is our turn, and act on what has changed.

        Args:
            now_s: The present, on the monotonic clock.

        Returns:
            What has changed since this process was last told, oldest first.
        """
        if not self._has_turn():
            self._desk = None
            return self._hear()
        news = []
        if self._desk is None:
            news = self._hear()
            self._desk = _Desk(self._around, header=self._header, policy=self._policy)
        try:
            return news + self._desk.work(now_s)
        finally:
            self._heard = None

    def begin_anew(self) -> None:
        """Start as a process that has not ticked yet, as after a fork.

        What a child has of its parent's work may be half done, and is told and
        kept by the parent.
        """
        self._desk = self._heard = None

    def suspects(self) -> bool:
        """Whether a run of failures has begun and not ended, however old it is."""
        present = self.present
        return present is not None and any(
            state.evidence.first_failed_at_s is not None
            for state in present.scopes.values()
        )

    def _has_turn(self) -> bool:
        """Whether to act; where nobody can have the turn, each process does.

        Then the data folder cannot be written, and what a process cannot write
        only that process knows.
        """
        try:
            return self._around.turn.acquire()
        except OSError as error:
            self._around.observer.internal_error("watch.turn", error)
            return True

    def _hear(self) -> list[Transition]:
        """Return what the process whose turn it is has told since."""
        ladder = self._around.ladder
        try:
            if self._heard is None:
                self._heard = ladder.last_announced()
                return []
            announced = ladder.announced(self._heard)
        except DataError as error:
            self._around.observer.internal_error("ladder", error)
            return []
        if announced:
            self._heard = announced[-1].number
        return [each.transition for each in announced]


class _Desk:
    """The work of the process whose turn it is, from its first tick on."""

    def __init__(
        self, around: Surroundings, *, header: Header, policy: OutagePolicy
    ) -> None:
        self._around, self._policy = around, policy
        kept, incidents = self._kept()
        state = None if kept is None else _state_in(kept)
        self.reckoning = Reckoning(
            around.reader,
            policy=policy,
            header=header,
            state=None if kept is None else kept_reckoning(kept, header),
        )
        axes = self._axes = self.reckoning.axes
        self._casebook = Casebook(incidents, wall_s=axes.wall_s, drill=header.drill)
        self._told = {} if state is None else dict(state.told)
        self._plan = _PackingPlan(policy)
        self._saved_at_s = float("-inf")
        self._unsaved: dict[str, Incident] = {}
        self._untold: list[Transition] = []
        self._missed: list[Move] = []
        self._catch_up(
            is_known=state is not None,
            since_s=folded_since_s(
                kept, header, incidents=incidents, now_s=around.clock.wall_s()
            ),
        )

    def work(self, now_s: float) -> list[Transition]:
        """Look at what is new, follow it, keep it, and return what to tell."""
        self.reckoning.add(self._around.journal.unwritten())
        try:
            self.reckoning.read()
        except DataError as error:
            self._around.observer.internal_error("journal", error)
        moves, self._missed = self._missed + self.reckoning.look(now_s), []
        news = [self._followed(move) for move in self._news(moves)]
        self._untold += news
        self._pack(now_s)
        if news or self._is_save_due(now_s):
            self._save(now_s)
        for transition in news:
            self._around.observer.transition(transition)
        return news

    def _kept(self) -> tuple[Checkpoint | None, list[Incident]]:
        """Return what the ladder keeps; nothing if it cannot be read.

        A damaged ladder must not stop detection: all but the people's notes
        can be made anew from the journal.
        """
        try:
            return self._around.ladder.checkpoint(), self._around.ladder.incidents()
        except DataError as error:
            self._around.observer.internal_error("ladder", error)
            return None, []

    def _catch_up(self, *, is_known: bool, since_s: float) -> None:
        """Fold what was written while nobody looked.

        Without a checkpoint nobody knows what was told. The incidents are made
        anew, but of the scopes only the present phase is told, not the past.
        """
        try:
            self._missed = self.reckoning.catch_up(
                since_s, now_s=self._around.clock.monotonic_s()
            )
        except DataError as error:
            self._around.observer.internal_error("journal", error)
        if not is_known:
            for move in self._missed:
                self._note(self._casebook.follow(move))
            self._missed = []
        for incident in self._casebook.all_open():
            self._plan.changed(incident)

    def _news(self, moves: Iterable[Move]) -> list[Move]:
        """Return the moves that were not told yet.

        The newest events are folded again at every look, so a move comes more
        than once; and late news may take back what was told.
        """
        news = [move for move in moves if self._is_news(move)]
        for scope, state in self.reckoning.present.scopes.items():
            phase, _ = self._told_of(scope)
            if state.phase is not phase:
                move = move_to(scope, state, before=phase, outage=state.outage)
                self._told[scope] = (move.after, self._axes.wall_s(move.at_s))
                news.append(move)
        return news

    def _is_news(self, move: Move) -> bool:
        phase, told_at_s = self._told_of(move.scope)
        at_s = self._axes.wall_s(move.at_s)
        if move.before is not phase or at_s <= told_at_s:
            return False
        self._told[move.scope] = (move.after, at_s)
        return True

    def _told_of(self, scope: str) -> tuple[Phase, float]:
        return self._told.get(scope, (Phase.OK, float("-inf")))

    def _followed(self, move: Move) -> Transition:
        incident = self._casebook.follow(move)
        self._note(incident)
        return transition_of(move, incident, wall_s=self._axes.wall_s)

    def _note(self, incident: Incident | None) -> None:
        if incident is not None:
            self._unsaved[incident.incident_id] = incident
            self._plan.changed(incident)

    def _pack(self, now_s: float) -> None:
        """Write the packets that are due, before anything else is kept.

        A process that dies in between writes them once more: twice is better
        than never.
        """
        for incident_id in self._plan.due(now_s):
            incident = self._casebook.get(incident_id)
            try:
                packed = self._around.packer.pack(incident, self._axes.wall_s(now_s))
            except Exception as error:  # whatever it is, detection goes on
                self._plan.failed(incident, now_s)
                self._around.observer.packet_failed(incident, error)
                if not isinstance(error, (OSError, DataError)):
                    self._around.observer.internal_error("packet", error)
                continue
            self._plan.packed(packed, now_s)
            if packed != incident:
                self._unsaved[incident_id] = self._casebook.put(packed)

    def _is_save_due(self, now_s: float) -> bool:
        return now_s - self._saved_at_s >= self._policy.checkpoint_every_s

    def _save(self, now_s: float) -> None:
        state = WatchState(
            reckoning=self.reckoning.at_rest(),
            told=self._told,
            epoch_s=self._axes.wall_s(0.0),
        )
        checkpoint = Checkpoint(
            boot_id=self._axes.boot_id, state=msgspec.json.encode(state)
        )
        self._saved_at_s = now_s
        try:
            self._around.ladder.save(
                checkpoint,
                incidents=tuple(self._unsaved.values()),
                transitions=tuple(self._untold),
            )
        except DataError as error:
            self._around.observer.internal_error("ladder", error)
            return
        for transition in self._untold:
            self._around.journal.append(self._frame_of(transition))
        self._unsaved, self._untold = {}, []

    def _frame_of(self, transition: Transition) -> TransitionNote:
        clock = self._around.clock
        return TransitionNote(
            wall_ns=int(clock.wall_s() * 1e9),
            mono_ns=int(clock.monotonic_s() * 1e9),
            scope=str(transition.scope),
            phase=transition.after,
            reason=transition.reason,
            incident_id=transition.incident_id,
        )


class _PackingPlan:
    """When an incident's files are to be written: at every change, then ever rarer."""

    def __init__(self, policy: OutagePolicy) -> None:
        self._first_s = policy.packet_every_s
        self._retry_s = min(RETRY_PACKET_S, policy.packet_every_s)
        self._due_at_s: dict[str, float] = {}
        self._every_s: dict[str, float] = {}

    def changed(self, incident: Incident) -> None:
        """Its files are due at once."""
        self._due_at_s[incident.incident_id] = float("-inf")
        self._every_s[incident.incident_id] = self._first_s

    def due(self, now_s: float) -> list[str]:
        """Return the incidents whose files are to be written now."""
        return [name for name, at_s in self._due_at_s.items() if at_s <= now_s]

    def packed(self, incident: Incident, now_s: float) -> None:
        """Its files stand; while it is open they are made anew, at doubling times."""
        name = incident.incident_id
        if incident.stage is not Stage.OPEN:
            del self._due_at_s[name], self._every_s[name]
            return
        self._due_at_s[name] = now_s + self._every_s[name]
        self._every_s[name] *= 2

    def failed(self, incident: Incident, now_s: float) -> None:
        """They could not be written; try again soon."""
        self._due_at_s[incident.incident_id] = now_s + self._retry_s


def _state_in(checkpoint: Checkpoint) -> WatchState | None:
    """Return what the checkpoint keeps; None if another version wrote it."""
    try:
        return msgspec.json.decode(checkpoint.state, type=WatchState)
    except msgspec.MsgspecError:
        return None
