"""The work of the process that acts: follow what has changed, keep it, tell it.

Packets first, then the ladder, then whoever listens: a process that dies in
between does it again rather than never.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import msgspec

from agcod_guard.errors import DataError
from agcod_guard.frames import Header, TransitionNote
from agcod_guard.incident.casebook import Casebook, transition_of
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.journal.stream import Taken
from agcod_guard.mail.correspondent import Correspondent
from agcod_guard.mail.mailroom import Case
from agcod_guard.outage.moves import Change, Move, move_to, of_scopes
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.outage.state import Phase, ScopeState, Transition
from agcod_guard.ports import (
    Checkpoint,
    Clock,
    Journal,
    JournalReader,
    Ladder,
    Observer,
    Turn,
)
from agcod_guard.watching.bookkeeping import Bookkeeper
from agcod_guard.watching.kept import (
    WatchState,
    folded_since_s,
    kept_bookkeeper,
    kept_reckoning,
    state_in,
)
from agcod_guard.watching.packing_plan import PackingPlan
from agcod_guard.watching.reckoning import Reckoning
from agcod_guard.watching.told_operations import ToldOperations
from agcod_guard.watching.told_own_side import ToldOwnSide

WRITTEN_ABOUT_S = 3600.0
"""How long after its end the last mails and notices of an incident are made."""


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
    correspondent: Correspondent
    observer: Observer
    turn: Turn
    clock: Clock


class Desk:
    """The work of the process whose turn it is, from its first tick on."""

    def __init__(
        self, around: Surroundings, *, header: Header, policy: OutagePolicy
    ) -> None:
        self._around, self._policy = around, policy
        kept, incidents = self._kept()
        state = None if kept is None else state_in(kept)
        self.reckoning = Reckoning(
            around.reader,
            policy=policy,
            header=header,
            state=None if kept is None else kept_reckoning(kept, header),
        )
        axes = self._axes = self.reckoning.axes
        self._casebook = Casebook(incidents, wall_s=axes.wall_s, drill=header.drill)
        self._told = {} if state is None else dict(state.told)
        self._told_operations = ToldOperations(
            None if state is None else state.told_operations
        )
        self._told_own = ToldOwnSide(None if state is None else state.told_own)
        self._plan = PackingPlan(policy)
        self._saved_at_s = float("-inf")
        self._unsaved: dict[str, Incident] = {}
        self._untold: list[Transition] = []
        self._missed: list[Change] = []
        since_s = folded_since_s(
            kept, header, incidents=incidents, now_s=around.clock.wall_s()
        )
        goes_on = kept is not None and kept_reckoning(kept, header) is not None
        self._books = self._bookkeeper(state if goes_on else None, since_s)
        self.reckoning.follow = self._keep_books
        self._catch_up(owed=None if state is None else state.owed, since_s=since_s)

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
        changed = self._told_operations.news(
            self.reckoning.present.operations, now_s, wall_s=self._axes.wall_s
        )
        own = self._told_own.news(
            self.reckoning.present.own.present, now_s, wall_s=self._axes.wall_s
        )
        self._correspond(now_s)
        self._pack(now_s)
        if news or changed or own or self._is_save_due(now_s):
            self._save(now_s)
        for transition in news:
            self._around.observer.transition(transition)
        for operation in changed:
            self._around.observer.operation_changed(operation)
        for finding in own:
            self._around.observer.own_side_changed(finding)
        self._around.correspondent.tell_pages()
        self._around.correspondent.tell_operations(changed, self._axes.wall_s(now_s))
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

    def _bookkeeper(self, state: WatchState | None, since_s: float) -> Bookkeeper:
        """Return who keeps the books on; anew if the ladder cannot be read."""
        wall_s, overdue_s = self._axes.wall_s, self._policy.overdue_s
        try:
            return kept_bookkeeper(
                self._around.ladder,
                wall_s,
                state=state,
                since_s=since_s,
                overdue_s=overdue_s,
            )
        except DataError as error:
            self._around.observer.internal_error("ladder", error)
            return Bookkeeper(wall_s, overdue_s=overdue_s)

    def _keep_books(self, taken: Iterable[Taken], until_s: float) -> None:
        """Have the books follow; what fails in them must not stop detection."""
        try:
            self._books.follow(taken, until_s)
        except Exception as error:
            self._around.observer.internal_error("books", error)

    def _catch_up(self, *, owed: list[str] | None, since_s: float) -> None:
        """Fold what was written while nobody looked.

        Without a checkpoint nobody knows what was told. The incidents are made
        anew, but of the scopes only the present phase is told, not the past.

        Args:
            owed: Closed incidents whose files are still to be written; None
                without a checkpoint.
            since_s: Segments last written before this wall time are passed over.
        """
        try:
            self._missed = self.reckoning.catch_up(
                since_s, now_s=self._around.clock.monotonic_s()
            )
        except DataError as error:
            self._around.observer.internal_error("journal", error)
        if owed is None:
            self._casebook = self._casebook.without_those_since(since_s)
            for move in of_scopes(self._missed):
                self._note(self._casebook.follow(move))
            self._missed = []
        unwritten = set(owed or ())
        for incident in self._casebook.everything():
            is_open = incident.stage is not Stage.RESOLVED
            if is_open or incident.incident_id in unwritten:
                self._plan.changed(incident)

    def _news(self, moves: Iterable[Change]) -> list[Move]:
        """Return the moves that were not told yet.

        The newest events are folded again at every look, so a move comes more
        than once; and late news may take back what was told.
        """
        news = [move for move in of_scopes(moves) if self._is_news(move)]
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

    def _correspond(self, now_s: float) -> None:
        """Have the mails follow; what they need made anew is made with the packet."""
        wall_s = self._axes.wall_s(now_s)
        for incident_id in self._around.correspondent.look(self._cases(now_s), wall_s):
            self._plan.changed(self._casebook.get(incident_id))

    def _cases(self, now_s: float) -> Iterator[Case]:
        """Yield the incidents that something may still be written about."""
        since_s = self._axes.wall_s(now_s) - WRITTEN_ABOUT_S
        ended = self._ended_unwatched()
        for incident in self._casebook.everything():
            is_old = incident.resolved_at_s is not None and (
                incident.resolved_at_s < since_s
            )
            if is_old and incident.incident_id not in ended:
                continue
            state = self.reckoning.present.scopes.get(str(incident.scope), ScopeState())
            yield Case(
                incident=incident,
                last_failed_at_s=self._told_s(state.evidence.last_failed_at_s),
                last_success_at_s=self._told_s(state.evidence.last_success_at_s),
            )

    def _ended_unwatched(self) -> set[str | None]:
        """Return the incidents whose going on is news, but whose beginning is not.

        However long ago it was: whoever heard of the beginning hears of the end.
        """
        begun = {
            each.incident_id
            for each in self._untold
            if each.after is Phase.OUTAGE and each.before is not Phase.RECOVERING
        }
        return {each.incident_id for each in self._untold} - begun

    def _told_s(self, at_s: float | None) -> float | None:
        return None if at_s is None else self._axes.wall_s(at_s)

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
            owed=self._plan.owed(),
            books=self._books.at_rest(),
            pages_asked=self._around.correspondent.pages_asked(),
            told_operations=self._told_operations.at_rest(),
            told_own=self._told_own.at_rest(),
            saved_at_s=self._around.clock.wall_s(),
        )
        checkpoint = Checkpoint(
            boot_id=self._axes.boot_id, state=msgspec.json.encode(state)
        )
        self._saved_at_s = now_s
        books = self._books.changed()
        ladder = self._around.ladder
        try:
            if ladder.recording_since_s() is None:  # new, or somebody removed it
                self._unsaved = {
                    each.incident_id: each for each in self._casebook.everything()
                }
            ladder.save(
                checkpoint,
                incidents=tuple(self._unsaved.values()),
                transitions=tuple(self._untold),
                books=books,
            )
        except DataError as error:
            self._around.observer.internal_error("ladder", error)
            return
        for transition in self._untold:
            self._around.journal.append(self._frame_of(transition))
        self._books.forget_changed()
        self._around.correspondent.tell_troubles(
            books.troubles, self._axes.wall_s(now_s)
        )
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
