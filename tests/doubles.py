"""Small in-memory stand-ins for the ports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agcod_guard.call import Call
from agcod_guard.frames import Begin, End, Frame, Sample, call_of


class ListJournal:
    """A journal that is a list."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def append(self, frame: Frame) -> bool:
        self.frames.append(frame)
        return True

    def maintain(self) -> None:
        pass

    def close(self) -> None:
        pass

    @property
    def begins(self) -> list[Begin]:
        return [frame for frame in self.frames if type(frame) is Begin]

    @property
    def ends(self) -> list[End]:
        return [frame for frame in self.frames if type(frame) is End]

    @property
    def samples(self) -> list[Sample]:
        return [frame for frame in self.frames if type(frame) is Sample]


class ListObserver:
    """An observer that keeps what it is told, by kind."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.lost: list[int] = []
        self.without_timeout: list[str] = []
        self.hidden: list[tuple[str, int]] = []
        self.errors: list[tuple[str, Exception]] = []

    def call_ended(self, call: End) -> None:
        self.calls.append(call_of(call, source=""))

    def frames_lost(self, count: int, reason: str) -> None:
        self.lost.append(count)

    def call_without_timeout(self, operation: str) -> None:
        self.without_timeout.append(operation)

    def hidden_retries(self, operation: str, attempts: int) -> None:
        self.hidden.append((operation, attempts))

    def internal_error(self, stage: str, error: Exception) -> None:
        self.errors.append((stage, error))

    def transition(self, transition: Any) -> None:
        pass

    def operation_changed(self, operation: Any) -> None:
        pass

    def own_side_changed(self, finding: Any) -> None:
        pass

    def packet_written(self, incident: Any, folder: Path) -> None:
        pass

    def packet_failed(self, incident: Any, error: Exception) -> None:
        pass

    def page_due(self, incident: Any, tier: Any, reasons: Any) -> None:
        pass

    def draft_written(self, draft: Any, subject: Any) -> None:
        pass

    def mail_sent(self, entry: Any) -> None:
        pass

    def mail_delayed(self, entry: Any) -> None:
        pass

    def mail_unsure(self, entry: Any) -> None:
        pass

    def mail_refused(self, entry: Any) -> None:
        pass

    def mail_cancelled(self, entry: Any) -> None:
        pass

    def journal_resumed(self) -> None:
        pass

    def journal_bytes(self, total: int) -> None:
        pass

    def frames_skipped(self, count: int, segment: str) -> None:
        pass
