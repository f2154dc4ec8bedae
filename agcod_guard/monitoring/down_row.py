"""The dashboard's first row: is it down, since when, and who was told? Pure."""

from __future__ import annotations

from collections.abc import Iterator

from agcod_guard.incident.verdict import Verdict
from agcod_guard.monitoring.kinds import (
    note,
    state_timeline,
    table,
    tiles,
)
from agcod_guard.monitoring.panels import (
    Json,
    Panel,
    Query,
    meanings,
    named,
    steps,
)
from agcod_guard.monitoring.queries import (
    OPERATION,
    SCOPE,
    SCOPE_NAME,
    called,
    earliest,
    latest,
    milliseconds,
    ranked,
    worst,
)
from agcod_guard.outage.state import Phase
from agcod_guard.protocol.contacts import TIERS
from agcod_guard.telemetry import families

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
    (0, "-", "transparent"),
    (1, "ours", "orange"),
    (2, "unclear", "yellow"),
    (3, "our way", "orange"),
    (4, "Amazon", "red"),
)
_TIER_MEANINGS = meanings(
    (0, "-", "transparent"), *((tier, f"tier {tier}", "blue") for tier in TIERS)
)
_DUE_MEANINGS = meanings(
    (0, "-", "transparent"), *((tier, f"TIER {tier}", "red") for tier in TIERS)
)
_NONE = meanings((0, "-", "transparent"))
_ANSWERS = meanings((0, "no", "text"), (1, "yes", "green"))
_WHAT_TO_DO = """\
| You want to | Type |
| --- | --- |
| **know why, and since when** | `agcod-guard status` |
| **page Amazon** (*Waits for you* is red) | `agcod-guard send latest` |
| say that you mailed them yourself | `agcod-guard sent latest --tier 1` |
| **say that somebody answered** | `agcod-guard ack latest --by NAME` |
| stop every page | `agcod-guard hold on` |
| see which cards may have been bought | `agcod-guard doubt` |

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
        _scopes(state).sized(24, 5),
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
    worst_operations = worst(families.OPERATION_DOWN, by=OPERATION)
    first_ms = milliseconds(earliest(families.FIRST_FAILURE))
    unwell = worst(families.OUTAGE_STATE, f'state!="{Phase.OK}"')
    columns = {
        "State": state,
        "Ops down": Query(expr=f"sum by ({SCOPE}) ({worst_operations})"),
        "Failing since": Query(expr=f"{first_ms} and on ({SCOPE}) ({unwell} > 0)"),
        "Last failure": Query(expr=milliseconds(latest(families.LAST_FAILURE))),
        "Last success": Query(expr=milliseconds(latest(families.LAST_SUCCESS))),
        "Whose": Query(expr=ranked("verdict", _SIDES)),
        "Waits for you": Query(expr=worst(families.PAGE_DUE_TIER)),
        "Written to": Query(expr=worst(families.PAGE_SENT_TIER)),
        "Next tier due": Query(expr=milliseconds(earliest(families.PAGE_DUE_AT))),
        "Acked": Query(expr=worst(families.ACKNOWLEDGED)),
        "Packet lacks": Query(expr=worst(families.PACKET_MISSING)),
        "In doubt": Query(expr=worst(families.DOUBT_ORDERS)),
    }
    return table(
        "Since when, whose, and who was told",
        "One line for each account and endpoint. Ops down: operations that fail while "
        "others succeed. Whose: the verdict on the open incident; 'our way' is our "
        "proxy, names, route or certificates. Waits for you: the tier of Amazon's "
        "pager whose mail a person has to send now. Next tier due: when the clock of "
        "Amazon's rule runs out. Packet lacks: answers that you have to fill in "
        "before it is sent. In doubt: orders that may have been carried out.",
        columns,
        keys={"account": "Account", "endpoint": "Endpoint"},
        only_with="State",
    ).with_overrides(*_looks())


def _looks() -> Iterator[Json]:
    """Yield how each column of the scopes looks; together they fill a laptop."""
    filled = {"custom__cellOptions": {"type": "color-background", "mode": "basic"}}
    some = {"thresholds": steps((None, "transparent"), (1, "orange")), **filled}
    ago = {"unit": "dateTimeFromNow"}
    yield named("Account", custom__width=80)
    yield named("Endpoint", custom__width=82)
    yield named("State", custom__width=100, mappings=_PHASE_MEANINGS, **filled)
    yield named("Ops down", custom__width=88, mappings=_NONE, **some)
    yield named("Failing since", custom__width=156, unit="dateTimeAsIso")
    yield named("Last failure", custom__width=136, **ago)
    yield named("Last success", custom__width=136, **ago)
    yield named("Whose", custom__width=78, mappings=_SIDE_MEANINGS, **filled)
    yield named("Waits for you", custom__width=106, mappings=_DUE_MEANINGS, **filled)
    yield named("Written to", custom__width=85, mappings=_TIER_MEANINGS)
    yield named("Next tier due", custom__width=112, **ago)
    yield named("Acked", custom__width=70, mappings=_ANSWERS)
    yield named("Packet lacks", custom__width=102, mappings=_NONE, **some)
    yield named("In doubt", custom__width=78, mappings=_NONE)
