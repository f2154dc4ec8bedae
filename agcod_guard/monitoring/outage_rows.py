"""The dashboard's rows on AGCOD: is it down, and what do the calls say? Pure."""

from __future__ import annotations

from agcod_guard.call import TECHNICAL_FAILURES, Outcome
from agcod_guard.incident.verdict import Verdict
from agcod_guard.monitoring.panels import (
    Panel,
    Query,
    coloured,
    heatmap,
    meanings,
    named,
    note,
    ranking,
    state_timeline,
    table,
    tiles,
    time_series,
)
from agcod_guard.monitoring.queries import (
    added,
    being,
    called,
    earliest,
    latest,
    milliseconds,
    per_minute,
    quantile,
    ranked,
    series,
    share,
    worst,
)
from agcod_guard.outage.state import Phase
from agcod_guard.telemetry import families

ADVISED_TIMEOUT_S = 6
"""What Amazon advises; see docs/facts.md."""

SCOPE_NAME = "{{account}} · {{endpoint}}"

_TECHNICAL = being(*sorted(TECHNICAL_FAILURES))
_CONCLUSIVE = being(*(each for each in Outcome if each is not Outcome.ABANDONED))
_ANSWERED = being(
    *(each for each in Outcome if each not in (Outcome.NO_ANSWER, Outcome.ABANDONED))
)

_PHASES = (
    (families.OUTAGE_STATE, Phase.OK, 0),
    (families.OUTAGE_STATE, Phase.SUSPECT, 1),
    (families.OUTAGE_STATE, Phase.RECOVERING, 2),
    (families.OUTAGE_STATE, Phase.OUTAGE, 3),
)
_PHASE_MEANINGS = meanings(
    (0, "OK", "green"),
    (1, "SUSPECT", "yellow"),
    (2, "RECOVERING", "blue"),
    (3, "OUTAGE", "red"),
)
_SIDES = (
    (families.VERDICT, Verdict.OURS, 1),
    (families.VERDICT, Verdict.UNCLEAR, 2),
    (families.OWN_SIDE, "", 3),
    (families.VERDICT, Verdict.AMAZON, 4),
)
_SIDE_MEANINGS = meanings(
    (0, "-", "text"),
    (1, "ours", "orange"),
    (2, "unclear", "yellow"),
    (3, "ours: our way is broken", "orange"),
    (4, "Amazon", "red"),
)
_TIER_MEANINGS = meanings(
    (0, "-", "text"),
    (1, "tier 1", "blue"),
    (2, "tier 2", "blue"),
    (3, "tier 3", "blue"),
)
_DUE_MEANINGS = meanings(
    (0, "-", "text"), (1, "TIER 1", "red"), (2, "TIER 2", "red"), (3, "TIER 3", "red")
)
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
_WHAT_TO_DO = """\
| | |
| --- | --- |
| **Why, and since when?** | `agcod-guard status` |
| **Page Amazon** (*Waits for you* is red) | `agcod-guard send latest` |
| You mailed them yourself | `agcod-guard sent latest --tier 1` |
| **Somebody answered** | `agcod-guard ack latest --by NAME` |
| Stop every page | `agcod-guard hold on` |
| Cards that may have been bought | `agcod-guard doubt` |

*Whose* is **ours**: look at proxy, names, route and certificates; Amazon is not
paged. An empty state is no good news: no guard reports.
"""


def is_it_down() -> tuple[Panel, ...]:
    """Return the state of every account and endpoint, now and until now."""
    state = Query(expr=called(ranked("state", _PHASES)), legend=SCOPE_NAME)
    return (
        tiles(
            "State now",
            "What the guard thinks of each account and endpoint. SUSPECT: several "
            "orders failed in a row; it is for your own people. OUTAGE: an incident "
            "is open.",
            state,
            background=True,
        )
        .sized(24, 4)
        .with_defaults(
            mappings=_PHASE_MEANINGS, noValue="Nothing known: no calls, or no guard"
        ),
        _scopes(state).sized(24, 6),
        state_timeline(
            "State over time",
            "The same as it was; the worst that any machine thought.",
            state,
            mappings=_PHASE_MEANINGS,
        ).sized(14, 9),
        note("What to do", _WHAT_TO_DO).sized(10, 9),
    )


def _scopes(state: Query) -> Panel:
    """Return a line for each account and endpoint: since when, whose, which tier."""
    columns = {
        "State": state,
        "Failing since": Query(expr=milliseconds(earliest(families.FIRST_FAILURE))),
        "Last failure": Query(expr=milliseconds(latest(families.LAST_FAILURE))),
        "Last success": Query(expr=milliseconds(latest(families.LAST_SUCCESS))),
        "Whose": Query(expr=ranked("verdict", _SIDES)),
        "Waits for you": Query(expr=worst(families.PAGE_DUE_TIER)),
        "Written to": Query(expr=worst(families.PAGE_SENT_TIER)),
        "Next tier due": Query(expr=milliseconds(earliest(families.PAGE_DUE_AT))),
        "Answered": Query(expr=worst(families.ACKNOWLEDGED)),
        "Packet misses": Query(expr=worst(families.PACKET_MISSING)),
        "In doubt": Query(expr=worst(families.DOUBT_ORDERS)),
    }
    ago = {"unit": "dateTimeFromNow", "custom__width": 130}
    cell = {"custom__cellOptions": {"type": "color-background", "mode": "basic"}}
    return table(
        "Since when, whose, and who was told",
        "One line for each account and endpoint. Whose: the verdict on the open "
        "incident. Waits for you: the tier of Amazon's pager whose mail a person has "
        "to send now. Next tier due: when the clock of Amazon's rule runs out. "
        "Packet misses: answers that you have to fill in before it is sent. In doubt: "
        "orders that may have been carried out.",
        columns,
        keys={"account": "Account", "endpoint": "Endpoint"},
        only_with="State",
    ).with_overrides(
        named("State", mappings=_PHASE_MEANINGS, **cell),
        named("Failing since", unit="dateTimeAsIso", custom__width=165),
        named("Last failure", **ago),
        named("Last success", **ago),
        named("Whose", mappings=_SIDE_MEANINGS, **cell),
        named("Waits for you", mappings=_DUE_MEANINGS, **cell),
        named("Written to", mappings=_TIER_MEANINGS),
        named("Next tier due", **ago),
        named("Answered", mappings=meanings((0, "no", "text"), (1, "yes", "green"))),
    )


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
                expr=share(families.CALLS, _TECHNICAL, of=_CONCLUSIVE),
                legend=SCOPE_NAME,
            ),
            unit="percentunit",
        ).with_defaults(max=1),
        time_series(
            "Technical failures by operation",
            "Failures a minute, by operation.",
            Query(
                expr=per_minute(families.CALLS, _TECHNICAL, by="operation"),
                legend="{{operation}}",
            ),
            unit="cpm",
        ),
        state_timeline(
            "Operations down while others succeed",
            "No outage and no page: it is for your own people, with a draft to "
            "Amazon's integration team.",
            Query(
                expr=worst(families.OPERATION_DOWN, by="operation"),
                legend="{{operation}}",
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
        ).sized(16, 8),
        ranking(
            "Errors in the range shown",
            "How many of each, by endpoint.",
            Query(expr=f"{grown} > 0", legend="{{endpoint}} {{error_code}}"),
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
