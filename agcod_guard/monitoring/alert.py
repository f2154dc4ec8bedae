"""One alert, and the words that many of them have in common. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agcod_guard.telemetry import families

WARNING = "warning"
CRITICAL = (
    '{{ if match ".+-(sandbox|loopback)" $labels.endpoint }}warning'
    "{{ else }}critical{{ end }}"
)
"""Wakes somebody, unless it is a sandbox or a stand-in that is down."""

WHO = "{{ $labels.account }} at {{ $labels.endpoint }}"
"""Whose calls, and where to."""

SINCE = (
    '{{ with printf "min by (account, endpoint) ('
    f"{families.FIRST_FAILURE.name}"
    '{account=%q,endpoint=%q} > 0)" $labels.account $labels.endpoint | query }}'
    " First failure: {{ . | first | value | humanizeTimestamp }}.{{ end }}"
)
"""Since when calls fail: a sentence, where a guard knows."""

COUNT = '{{ $value | printf "%.0f" }}'
"""A number of things."""

SHARE = "{{ $value | humanizePercentage }}"
"""A part of all, in per cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule; several may share a name if their labels differ.

    Attributes:
        name: As in the runbooks.
        severity: `warning`, or a template that says `critical` or `warning`.
        expr: PromQL.
        for_s: How long it must hold, seconds.
        summary: One line, a template over the labels.
        description: What is known, likewise, and what to do first.
        labels: Labels besides the severity.
    """

    name: str
    severity: str
    expr: str
    for_s: float = 0.0
    summary: str
    description: str
    labels: Mapping[str, str] = field(default_factory=dict)
