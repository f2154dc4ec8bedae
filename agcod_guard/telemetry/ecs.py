"""Give the guard's events the names of OpenTelemetry and of Elastic's common schema.

Pure. The names of `events.py` are short, and stay: dashboards rely on them. Where logs
of many programs meet, `error` as a text is in the way of an object of that name, and
one program's `state` of another's. So this puts facts that both schemas know under
their names there, and every other below `agcod.`.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from agcod_guard.call import Outcome
from agcod_guard.telemetry import events

NAMES: Mapping[str, str] = {
    "status": "http.response.status_code",
    "exception": "error.type",
    "error": "error.message",
    "trace_id": "trace.id",
    "span_id": "span.id",
}
"""Facts that both schemas have a name for; the last two only Elastic's."""

OURS = frozenset(
    value
    for name, value in vars(events).items()
    if name.isupper() and isinstance(value, str)
)
"""The names of all events of the guard."""

_FACTS = frozenset(
    {
        "account", "advised_timeout_s", "after", "amzn_request_id", "at_s", "attempts",
        "before", "call_id", "channel", "count", "drill", "duration_s", "endpoint",
        "error_code", "error_type", "first_failed_at_s", "folder", "incident_id", "key",
        "message_id", "note", "operation", "outcome", "path", "probe", "purpose",
        "reason", "request_id", "revision", "segment", "stage", "state", "subject",
        "tier", "untold",
    }
)  # fmt: skip
_NEUTRAL = frozenset({Outcome.ABANDONED})
_NS_PER_S = 1_000_000_000


def ecs_names(
    logger: object, method: str, event_dict: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Rename the facts of one of the guard's events; leave any other alone.

    A processor of structlog; place it last but for the renderer.

    Args:
        logger: Not used.
        method: Not used.
        event_dict: The event with its facts, and what other processors have added.
    """
    name = event_dict.get("event")
    if name not in OURS:
        return event_dict
    return {
        **{_renamed(key): value for key, value in event_dict.items()},
        **_both_know(event_dict),
        "event.name": name,
    }


def _renamed(key: str) -> str:
    if key in NAMES:
        return NAMES[key]
    return f"agcod.{key}" if key in _FACTS else key


def _both_know(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what they have in units and words of their own."""
    known: dict[str, Any] = {}
    if "duration_s" in facts:
        known["event.duration"] = round(facts["duration_s"] * _NS_PER_S)
    if "outcome" in facts and facts["outcome"] not in _NEUTRAL:
        well = facts["outcome"] == Outcome.SUCCESS
        known["event.outcome"] = "success" if well else "failure"
    return known
