"""The dashboard's rows on calls: what they come to, and how long they take. Pure."""

from __future__ import annotations

from agcod_guard.call import TECHNICAL_FAILURES, Outcome
from agcod_guard.monitoring.kinds import (
    heatmap,
    ranking,
    state_timeline,
    time_series,
)
from agcod_guard.monitoring.panels import (
    Panel,
    Query,
    coloured,
    meanings,
)
from agcod_guard.monitoring.queries import (
    OPERATION,
    SCOPE_NAME,
    added,
    called,
    matching,
    per_minute,
    quantile,
    series,
    share,
    used,
    worst,
)
from agcod_guard.telemetry import families
from agcod_guard.telemetry.events import ADVISED_TIMEOUT_S

_OPERATION_NAME = SCOPE_NAME + " · {{operation}}"
_UNANSWERED = {Outcome.NO_ANSWER, Outcome.ABANDONED}
_TECHNICAL = matching("outcome", sorted(TECHNICAL_FAILURES))
_CONCLUSIVE = matching("outcome", [it for it in Outcome if it != Outcome.ABANDONED])
_ANSWERED = matching("outcome", [it for it in Outcome if it not in _UNANSWERED])
_OUTCOME_COLOURS = {
    "SUCCESS": "green",
    "REJECTED": "light-blue",
    "ACCOUNT": "purple",
    "THROTTLED": "yellow",
    "DENIED": "light-orange",
    "FAULT": "red",
    "NO_ANSWER": "dark-red",
    "ABANDONED": "text",
}
_ERROR_COLOURS = {
    "F100": "light-orange",
    "F200": "light-blue",
    "F300": "purple",
    "F400": "orange",
    "F500": "red",
    "http_1xx": "semi-dark-green",
    "http_2xx": "light-green",
    "http_3xx": "semi-dark-blue",
    "http_4xx": "light-yellow",
    "http_5xx": "semi-dark-orange",
    "no_answer": "dark-red",
    "other": "text",
}


def traffic() -> tuple[Panel, ...]:
    """Return what the calls come to, and which operations fail."""
    return (
        time_series(
            "Calls by outcome",
            "Calls a minute, by what they prove. FAULT and NO_ANSWER are technical "
            "failures; the others show that AGCOD is alive.",
            Query(expr=per_minute(families.CALLS, by="outcome"), legend="{{outcome}}"),
            unit="cpm",
            stacked=True,
        ).with_overrides(*coloured(_OUTCOME_COLOURS)),
        time_series(
            "Share of calls that fail for technical reasons",
            "FAULT and NO_ANSWER among all calls that were not abandoned.",
            Query(
                expr=called(share(families.CALLS, _TECHNICAL, of=_CONCLUSIVE)),
                legend=SCOPE_NAME,
            ),
            unit="percentunit",
        ).with_defaults(max=1),
        time_series(
            "Technical failures by operation",
            "FAULT and NO_ANSWER a minute, for each operation that was called.",
            Query(
                expr=used(
                    per_minute(families.CALLS, _TECHNICAL, by=OPERATION),
                    by=OPERATION,
                ),
                legend=_OPERATION_NAME,
            ),
            unit="cpm",
        ),
        state_timeline(
            "Operations down while others succeed",
            "No outage and no page: it is for your own people, with a draft to "
            "Amazon's integration team. Operations that were called in the range "
            "shown.",
            Query(
                expr=used(worst(families.OPERATION_DOWN, by=OPERATION), by=OPERATION),
                legend=_OPERATION_NAME,
            ),
            mappings=meanings((0, "not down", "green"), (1, "DOWN", "red")),
        ),
    )


def errors() -> tuple[Panel, ...]:
    """Return which errors came, when and how many."""
    grown = added(families.ERRORS, by="endpoint, error_code", over="$__range")
    return (
        time_series(
            "Errors by code",
            "Errors a minute, by Amazon's class; http_5xx and the like without one; "
            "no_answer when nothing came. F400 and F500 are Amazon's; what each "
            "means stands in docs/facts.md.",
            Query(
                expr=per_minute(families.ERRORS, by="error_code"),
                legend="{{error_code}}",
            ),
            unit="cpm",
            stacked=True,
        )
        .with_overrides(*coloured(_ERROR_COLOURS))
        .sized(16, 8),
        ranking(
            "Errors in the range shown",
            "How many of each, by endpoint.",
            Query(expr=f"sort_desc({grown} > 0)", legend="{{endpoint}} {{error_code}}"),
        ).sized(8, 8),
    )


def latency() -> tuple[Panel, ...]:
    """Return how long calls take."""
    quantiles = (
        Query(expr=quantile(ratio, families.DURATION, _ANSWERED), legend=name)
        for ratio, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
    )
    buckets = series(families.DURATION, suffix="_bucket")
    return (
        time_series(
            "Time to the end of an answer",
            "Quantiles of calls that were answered. The dashed line is the timeout "
            f"that Amazon advises, {ADVISED_TIMEOUT_S} s. Values above 10 s show as "
            "10 s.",
            *quantiles,
            unit="s",
            line_at=ADVISED_TIMEOUT_S,
        ),
        heatmap(
            "Calls by duration",
            "All calls, those without an answer as well: timeouts show as a band of "
            "their own at the length of your timeout.",
            Query(expr=f"sum by (le) (increase({buckets}[$__rate_interval]))"),
            unit="s",
        ),
    )
