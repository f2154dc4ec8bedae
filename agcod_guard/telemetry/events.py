"""Every event the guard logs: its name, its level and its facts.

`debug` is each call, `info` a change somebody may want to see, `warning` what
we coped with or Amazon did not, `error` that evidence was lost. Facts are
already redacted; an exception's text is redacted here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from logging import DEBUG, ERROR, INFO, WARNING
from pathlib import Path

from agcod_guard.frames import End
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.parcel import Entry, State
from agcod_guard.outage.own_side import OwnSideTransition
from agcod_guard.outage.state import OperationTransition, Phase, Transition
from agcod_guard.redaction import redact_text
from agcod_guard.telemetry.channel import Channel, Fact

CALL_ENDED = "call.ended"
CALL_WITHOUT_TIMEOUT = "call.without_timeout"
CALL_HIDDEN_RETRIES = "call.hidden_retries"
OUTAGE_SUSPECTED = "outage.suspected"
OUTAGE_DISMISSED = "outage.dismissed"
OUTAGE_STARTED = "outage.started"
OUTAGE_RECOVERING = "outage.recovering"
OUTAGE_RELAPSED = "outage.relapsed"
OUTAGE_CLEARED = "outage.cleared"
OPERATION_DOWN = "operation.down"
OPERATION_UP = "operation.up"
OWN_SIDE_BROKEN = "own_side.broken"
OWN_SIDE_MENDED = "own_side.mended"
DRAFT_WRITTEN = "draft.written"
PACKET_WRITTEN = "packet.written"
PACKET_FAILED = "packet.failed"
PAGE_DUE = "page.due"
PAGE_SENT = "page.sent"
PAGE_DELAYED = "page.delayed"
PAGE_UNSURE = "page.unsure"
PAGE_REFUSED = "page.refused"
PAGE_CANCELLED = "page.cancelled"
JOURNAL_FRAMES_LOST = "journal.frames_lost"
JOURNAL_RESUMED = "journal.resumed"
JOURNAL_FRAMES_SKIPPED = "journal.frames_skipped"
INTERNAL_ERROR = "guard.internal_error"

ADVISED_TIMEOUT_S = 6
"""What Amazon advises."""

_AGAIN_AFTER_S = 60.0
_LONGEST_ERROR = 300


class Events:
    """The observer that logs; safe from any thread.

    Args:
        calls: Tell each call at level info instead of debug.
        monotonic_s: Clock for not saying the same too often.
    """

    def __init__(
        self,
        *,
        calls: bool = False,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel = Channel()
        self._call_level = INFO if calls else DEBUG
        self._monotonic_s = monotonic_s
        self._told_at_s: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def call_ended(self, call: End) -> None:
        """Tell the call, if anyone listens."""
        if self._channel.is_open(self._call_level):
            self._channel.tell(self._call_level, CALL_ENDED, _facts_of(call))

    def transition(self, transition: Transition) -> None:
        """Tell the change of phase and why."""
        level, event = _transition_event(transition)
        self._tell(
            level,
            event,
            account=transition.scope.account,
            endpoint=str(transition.scope.endpoint),
            before=transition.before.value,
            after=transition.after.value,
            at_s=transition.at_s,
            first_failed_at_s=transition.first_failed_at_s,
            reason=transition.reason,
            incident_id=transition.incident_id,
        )

    def operation_changed(self, operation: OperationTransition) -> None:
        """Tell that it is down while others succeed, or up again."""
        self._tell(
            WARNING if operation.is_down else INFO,
            OPERATION_DOWN if operation.is_down else OPERATION_UP,
            account=operation.scope.account,
            endpoint=str(operation.scope.endpoint),
            operation=operation.operation,
            at_s=operation.at_s,
            first_failed_at_s=operation.first_failed_at_s,
            reason=operation.reason,
        )

    def own_side_changed(self, finding: OwnSideTransition) -> None:
        """Tell what is broken on our own side, or that it no longer is."""
        self._tell(
            WARNING if finding.is_broken else INFO,
            OWN_SIDE_BROKEN if finding.is_broken else OWN_SIDE_MENDED,
            account=finding.scope.account,
            endpoint=str(finding.scope.endpoint),
            at_s=finding.at_s,
            reason=finding.reason,
        )

    def packet_written(self, incident: Incident, folder: Path) -> None:
        """Tell where the packet stands."""
        self._tell(
            INFO,
            PACKET_WRITTEN,
            **_facts_of_incident(incident),
            revision=incident.revision,
            folder=str(folder),
        )

    def packet_failed(self, incident: Incident, error: Exception) -> None:
        """Tell that the packet could not be written."""
        self._tell(
            ERROR,
            PACKET_FAILED,
            **_facts_of_incident(incident),
            error=_error_text(error),
        )

    def page_due(self, incident: Incident, tier: int, reasons: Sequence[str]) -> None:
        """Tell that a person has to send it, and why it does not go by itself."""
        self._tell(
            WARNING,
            PAGE_DUE,
            **_facts_of_incident(incident),
            tier=tier,
            reason=" ".join(reasons),
        )

    def draft_written(self, draft: Path, subject: str) -> None:
        """Tell where the mail lies."""
        self._tell(WARNING, DRAFT_WRITTEN, path=str(draft), subject=subject)

    def mail_sent(self, entry: Entry) -> None:
        """Tell that it was accepted, and the server's words."""
        self._tell(INFO, PAGE_SENT, **_facts_of_entry(entry))

    def mail_delayed(self, entry: Entry) -> None:
        """Tell why it could not be handed over yet."""
        self._tell(WARNING, PAGE_DELAYED, **_facts_of_entry(entry))

    def mail_unsure(self, entry: Entry) -> None:
        """Tell that it may have gone out; an error once it is sent no more."""
        level = ERROR if entry.state is State.ALARM else WARNING
        self._tell(level, PAGE_UNSURE, **_facts_of_entry(entry))

    def mail_refused(self, entry: Entry) -> None:
        """Tell that a person must look."""
        self._tell(ERROR, PAGE_REFUSED, **_facts_of_entry(entry))

    def mail_cancelled(self, entry: Entry) -> None:
        """Tell why it is sent no more."""
        self._tell(INFO, PAGE_CANCELLED, **_facts_of_entry(entry))

    def frames_lost(self, count: int, reason: str) -> None:
        """Tell that evidence is in memory only, or gone."""
        self._tell(ERROR, JOURNAL_FRAMES_LOST, count=count, reason=reason)

    def journal_resumed(self) -> None:
        """Tell that frames are stored again."""
        self._tell(WARNING, JOURNAL_RESUMED)

    def journal_bytes(self, total: int) -> None:
        """Tell nothing: a size is a metric."""

    def frames_skipped(self, count: int, segment: str) -> None:
        """Tell that a segment is damaged."""
        self._tell(WARNING, JOURNAL_FRAMES_SKIPPED, count=count, segment=segment)

    def call_without_timeout(self, operation: str) -> None:
        """Tell that a call may hang for ever, and what Amazon advises."""
        self._tell(
            WARNING,
            CALL_WITHOUT_TIMEOUT,
            operation=operation,
            advised_timeout_s=ADVISED_TIMEOUT_S,
        )

    def hidden_retries(self, operation: str, attempts: int) -> None:
        """Tell that a client repeats calls on its own, with a stale signature."""
        self._tell(WARNING, CALL_HIDDEN_RETRIES, operation=operation, attempts=attempts)

    def internal_error(self, stage: str, error: Exception) -> None:
        """Tell the error, each stage once a minute with how many went untold."""
        now_s, told_at_s = self._monotonic_s(), self._told_at_s.get(stage)
        if told_at_s is not None and now_s - told_at_s < _AGAIN_AFTER_S:
            self._untold[stage] = self._untold.get(stage, 0) + 1
            return
        self._told_at_s[stage] = now_s
        self._tell(
            WARNING,
            INTERNAL_ERROR,
            stage=stage,
            error=_error_text(error),
            untold=self._untold.pop(stage, None),
        )

    def _tell(self, level: int, event: str, **facts: Fact | None) -> None:
        self._channel.tell(level, event, facts)


_AFTER = {
    Phase.SUSPECT: (WARNING, OUTAGE_SUSPECTED),
    Phase.OUTAGE: (WARNING, OUTAGE_STARTED),
    Phase.RECOVERING: (INFO, OUTAGE_RECOVERING),
    Phase.OK: (INFO, OUTAGE_CLEARED),
}
_BETWEEN = {
    (Phase.SUSPECT, Phase.OK): (INFO, OUTAGE_DISMISSED),
    (Phase.RECOVERING, Phase.OUTAGE): (WARNING, OUTAGE_RELAPSED),
}


def _transition_event(transition: Transition) -> tuple[int, str]:
    between = _BETWEEN.get((transition.before, transition.after))
    return between or _AFTER[transition.after]


def _facts_of(call: End) -> dict[str, Fact | None]:
    return {
        "call_id": call.call_id or None,
        "account": call.account,
        "endpoint": call.endpoint,
        "operation": call.operation,
        "outcome": call.outcome.value,
        "duration_s": call.duration_s,
        "status": call.status,
        "error_code": call.error_code,
        "error_type": call.error_type,
        "exception": call.exception,
        "request_id": call.request_id,
        "amzn_request_id": call.amzn_request_id,
        "probe": call.probe or None,
    }


def _facts_of_incident(incident: Incident) -> dict[str, Fact | None]:
    return {
        "incident_id": incident.incident_id,
        "account": incident.scope.account,
        "endpoint": str(incident.scope.endpoint),
        "drill": incident.drill or None,
    }


def _facts_of_entry(entry: Entry) -> dict[str, Fact | None]:
    parcel, progress = entry.parcel, entry.progress
    return {
        "incident_id": parcel.incident_id,
        "key": parcel.key,
        "channel": parcel.channel,
        "purpose": parcel.purpose.value,
        "tier": parcel.tier,
        "state": progress.state.value,
        "attempts": progress.fence,
        "message_id": parcel.message_id or None,
        "note": redact_text(progress.note)[:_LONGEST_ERROR] or None,
    }


def _error_text(error: Exception) -> str:
    return redact_text(repr(error))[:_LONGEST_ERROR]
