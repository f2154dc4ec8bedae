"""Tell what there is to tell of an incident to the partner's own channels. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agcod_guard.incident.escalation import Pursuit
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.notices import News, Notice
from agcod_guard.incident.parcel import Entry, Purpose, State

_FAILED = frozenset({State.REFUSED, State.ALARM})


def news_of(
    incident: Incident, pursuit: Pursuit, entries: Iterable[Entry]
) -> Iterator[Notice]:
    """Yield everything there is to tell so far, in the order it happened in.

    Whoever tells it knows what was told before. Once it is over, only that is told:
    what somebody notes afterwards would raise an alert that nothing ends.

    Args:
        incident: As it stands.
        pursuit: What was sent and answered.
        entries: What stands in the outbox of it.
    """
    yield Notice(incident=incident, news=News.OPENED, at_s=incident.opened_at_s)
    if (over_s := incident.resolved_at_s) is not None:
        yield Notice(incident=incident, news=News.RESOLVED, at_s=over_s)
        return
    happened = [*_sent(incident, pursuit), *_failed(incident, entries)]
    if (ack := pursuit.acknowledged) is not None:
        news = News.ACKNOWLEDGED
        happened.append(Notice(incident=incident, news=news, at_s=ack.at_s, by=ack.by))
    yield from sorted(happened, key=lambda notice: notice.at_s)


def _sent(incident: Incident, pursuit: Pursuit) -> Iterator[Notice]:
    for each in pursuit.sent:
        yield Notice(
            incident=incident, news=News.PAGE_SENT, at_s=each.at_s, tier=each.tier
        )


def _failed(incident: Incident, entries: Iterable[Entry]) -> Iterator[Notice]:
    for each in entries:
        if each.parcel.purpose is Purpose.PAGE and each.state in _FAILED:
            yield Notice(
                incident=incident,
                news=News.PAGE_FAILED,
                at_s=each.progress.changed_at_s,
                tier=each.parcel.tier,
                detail=each.progress.note,
            )
