"""One observer that tells all of them, and keeps what they raise to itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from agcod_guard.errors import swallowed
from agcod_guard.frames import End
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.parcel import Entry
from agcod_guard.outage.own_side import OwnSideTransition
from agcod_guard.outage.state import OperationTransition, Transition
from agcod_guard.ports import Observer


class Observers:
    """Tells each in turn; never raises.

    What one raises is told to the others as an internal error. What is raised
    over an internal error is not told on, or two broken ones would play it
    back and forth for ever.
    """

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def call_ended(self, call: End) -> None:
        """Tell that a call has ended."""
        for observer in self._observers:
            try:
                observer.call_ended(call)
            except Exception as error:
                self._contain("observer.call_ended", error, observer)

    def transition(self, transition: Transition) -> None:
        """Tell that a scope has changed its phase."""
        self._tell("observer.transition", lambda told: told.transition(transition))

    def operation_changed(self, operation: OperationTransition) -> None:
        """Tell that an operation is down by itself, or up again."""
        self._tell(
            "observer.operation_changed",
            lambda told: told.operation_changed(operation),
        )

    def own_side_changed(self, finding: OwnSideTransition) -> None:
        """Tell that our own side is broken, or no longer."""
        self._tell(
            "observer.own_side_changed", lambda told: told.own_side_changed(finding)
        )

    def packet_written(self, incident: Incident, folder: Path) -> None:
        """Tell that an incident's files stand on disk."""
        self._tell(
            "observer.packet_written",
            lambda told: told.packet_written(incident, folder),
        )

    def packet_failed(self, incident: Incident, error: Exception) -> None:
        """Tell that they could not be written."""
        self._tell(
            "observer.packet_failed", lambda told: told.packet_failed(incident, error)
        )

    def page_due(self, incident: Incident, tier: int, reasons: Sequence[str]) -> None:
        """Tell that a tier's mail waits for a person."""
        self._tell(
            "observer.page_due", lambda told: told.page_due(incident, tier, reasons)
        )

    def draft_written(self, draft: Path, subject: str) -> None:
        """Tell that a mail lies ready for a person to send."""
        self._tell(
            "observer.draft_written", lambda told: told.draft_written(draft, subject)
        )

    def mail_sent(self, entry: Entry) -> None:
        """Tell that a mail or a notice was accepted."""
        self._tell("observer.mail_sent", lambda told: told.mail_sent(entry))

    def mail_delayed(self, entry: Entry) -> None:
        """Tell that it could not be handed over yet."""
        self._tell("observer.mail_delayed", lambda told: told.mail_delayed(entry))

    def mail_unsure(self, entry: Entry) -> None:
        """Tell that it may have gone out."""
        self._tell("observer.mail_unsure", lambda told: told.mail_unsure(entry))

    def mail_refused(self, entry: Entry) -> None:
        """Tell that the server will not have it."""
        self._tell("observer.mail_refused", lambda told: told.mail_refused(entry))

    def mail_cancelled(self, entry: Entry) -> None:
        """Tell that it is sent no more."""
        self._tell("observer.mail_cancelled", lambda told: told.mail_cancelled(entry))

    def frames_lost(self, count: int, reason: str) -> None:
        """Tell that frames could not be stored."""
        self._tell("observer.frames_lost", lambda told: told.frames_lost(count, reason))

    def journal_resumed(self) -> None:
        """Tell that frames are stored again."""
        self._tell("observer.journal_resumed", lambda told: told.journal_resumed())

    def journal_bytes(self, total: int) -> None:
        """Tell the journal's size."""
        self._tell("observer.journal_bytes", lambda told: told.journal_bytes(total))

    def frames_skipped(self, count: int, segment: str) -> None:
        """Tell that a reader met bytes that are no frame."""
        self._tell(
            "observer.frames_skipped", lambda told: told.frames_skipped(count, segment)
        )

    def call_without_timeout(self, operation: str) -> None:
        """Tell that a call was sent with no timeout."""
        self._tell(
            "observer.call_without_timeout",
            lambda told: told.call_without_timeout(operation),
        )

    def hidden_retries(self, operation: str, attempts: int) -> None:
        """Tell that a client repeats calls on its own."""
        self._tell(
            "observer.hidden_retries",
            lambda told: told.hidden_retries(operation, attempts),
        )

    def internal_error(self, stage: str, error: Exception) -> None:
        """Tell that something of ours failed and was contained."""
        for observer in self._observers:
            try:
                observer.internal_error(stage, error)
            except Exception as raised:
                _swallow("observer.internal_error", raised)

    def _tell(self, stage: str, tell: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                tell(observer)
            except Exception as error:
                self._contain(stage, error, observer)

    def _contain(self, stage: str, error: Exception, culprit: Observer) -> None:
        others = (told for told in self._observers if told is not culprit)
        Observers(*others).internal_error(stage, error)
        _swallow(stage, error)


def _swallow(stage: str, error: Exception) -> None:
    # A listener that raises must not undo what was just contained.
    with suppress(Exception):
        swallowed(stage, error)
