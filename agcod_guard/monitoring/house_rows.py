"""The dashboard's rows on what follows: doubt, pages, packets, the guard. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from agcod_guard.incident.parcel import FINAL
from agcod_guard.monitoring.kinds import (
    state_timeline,
    table,
    tiles,
    time_series,
)
from agcod_guard.monitoring.panels import (
    Panel,
    Query,
    coloured,
    meanings,
    named,
    steps,
)
from agcod_guard.monitoring.queries import (
    SCOPE_NAME,
    added,
    called,
    latest,
    matching,
    milliseconds,
    series,
    worst,
)
from agcod_guard.telemetry import families
from agcod_guard.telemetry.families import Family
from agcod_guard.telemetry.standing import PARCEL_STATES

_PARCEL = "channel, state"

LATE_LOOK_S = 120
"""A guard that has not looked for this long is silent."""

_RESULT_COLOURS = {
    "smtp sent": "green",
    "smtp delayed": "yellow",
    "smtp unsure": "orange",
    "smtp refused": "red",
    "smtp cancelled": "text",
    "webhook sent": "light-green",
    "webhook delayed": "light-yellow",
    "webhook unsure": "light-orange",
    "webhook refused": "light-red",
    "webhook cancelled": "semi-dark-purple",
}


def doubt() -> tuple[Panel, ...]:
    """Return how many orders nobody knows the outcome of."""
    description = (
        "Orders whose outcome is unknown: a card may have been bought. "
        "`agcod-guard doubt` lists them, and what to do about each."
    )
    orders = Query(expr=called(worst(families.DOUBT_ORDERS)), legend=SCOPE_NAME)
    return (
        tiles("Orders in doubt now", description, orders)
        .sized(8, 6)
        .with_defaults(thresholds=steps((None, "green"), (1, "orange"))),
        time_series("Orders in doubt over time", description, orders, unit="none")
        .sized(16, 6)
        .with_defaults(decimals=0),
    )


def pages() -> tuple[Panel, ...]:
    """Return who was written to, what is on its way, and what was written."""
    return (_tiers(), _written(), _tries(), _outbox())


def _tiers() -> Panel:
    tiers = {
        "written to": families.PAGE_SENT_TIER,
        "waits for you": families.PAGE_DUE_TIER,
    }
    queries = (
        Query(expr=called(worst(family)), legend=f"{SCOPE_NAME} {what}")
        for what, family in tiers.items()
    )
    return state_timeline(
        "Tiers of Amazon's pager",
        "The highest tier written to about the open incident, and the tier whose "
        "mail waits for a person.",
        *queries,
        mappings=meanings(
            (0, "none", "green"),
            (1, "tier 1", "yellow"),
            (2, "tier 2", "orange"),
            (3, "tier 3", "red"),
        ),
    )


def _written() -> Panel:
    written = {
        "packets written": (families.PACKETS_WRITTEN, "green"),
        "packets failed": (families.PACKET_FAILURES, "red"),
        "drafts to Amazon's teams": (families.DRAFTS_WRITTEN, "blue"),
    }
    queries = (
        Query(expr=added(family, over="$__rate_interval"), legend=name)
        for name, (family, _) in written.items()
    )
    return time_series(
        "Packets and drafts",
        "How many were written, and how many packets could not be.",
        *queries,
        unit="none",
        bars=True,
    ).with_overrides(*coloured({name: colour for name, (_, colour) in written.items()}))


def _tries() -> Panel:
    grown = added(families.MAILS, by="channel, result", over="$__rate_interval")
    return time_series(
        "Mails and notices, per try",
        "What came of each try to send one. unsure: it may have left and is sent "
        "once more. refused: a person must look.",
        Query(expr=grown, legend="{{channel}} {{result}}"),
        unit="none",
        bars=True,
        stacked=True,
    ).with_overrides(*coloured(_RESULT_COLOURS))


def _outbox() -> Panel:
    stuck = sorted(FINAL & set(PARCEL_STATES))
    under_way = sorted(set(PARCEL_STATES) - FINAL)
    queries = (
        Query(expr=_parcels_in(states), legend="{{channel}} " + what)
        for what, states in (("on its way", under_way), ("a person must look", stuck))
    )
    return time_series(
        "Outbox",
        "Mails and notices. A person must look: it was refused, or it may have left "
        "and is sent no more.",
        *queries,
        unit="none",
    ).with_defaults(decimals=0)


def _parcels_in(states: Iterable[str]) -> str:
    """Return how many parcels are in any of these states, by channel."""
    each = worst(families.OUTBOX_PARCELS, matching("state", states), by=_PARCEL)
    return f"sum by (channel) ({each})"


def the_guard() -> tuple[Panel, ...]:
    """Return whether the guard itself is well."""
    return (
        _instances().sized(24, 5),
        _looks(),
        _own_errors(),
        _losses(),
        time_series(
            "Journal on disk",
            "At most 1 GB unless the settings say otherwise; that of an open incident "
            "is never dropped.",
            Query(
                expr=worst(families.JOURNAL_BYTES, by="instance"),
                legend="{{instance}}",
            ),
            unit="bytes",
        ),
    )


def _instances() -> Panel:
    """Return a line for each process that Prometheus scrapes."""
    builds = f"count by (instance, version) ({series(families.BUILD_INFO)})"
    columns = {
        "Processes": Query(expr=builds),
        "Last look": Query(
            expr=milliseconds(latest(families.LAST_LOOK, by="instance"))
        ),
        "Kill switch": Query(expr=worst(families.HOLD, by="instance")),
        "Incidents opened": _counted(families.INCIDENTS),
        "Frames lost": _counted(families.FRAMES_LOST),
        "Own errors": _counted(families.INTERNAL_ERRORS),
    }
    return (
        table(
            "Guards",
            "One line for each instance. Counts are for the range shown. Kill switch "
            "on: every page to Amazon is held back.",
            columns,
            keys={"instance": "Instance", "version": "Version"},
        )
        .with_defaults(decimals=0)
        .with_overrides(
            named("Last look", unit="dateTimeFromNow"),
            named(
                "Kill switch",
                mappings=meanings((0, "off", "text"), (1, "ON", "red")),
                custom__cellOptions={"type": "color-text"},
            ),
        )
    )


def _counted(family: Family) -> Query:
    """Return how many there were in the range; none where none has come yet."""
    grown = added(family, by="instance", over="$__range")
    return Query(
        expr=f"{grown} or 0 * count by (instance) ({series(families.BUILD_INFO)})"
    )


def _looks() -> Panel:
    return time_series(
        "Time since the guard last looked",
        f"More than {LATE_LOOK_S} s: no process acts on this machine, so nothing "
        "is declared and nobody is written to.",
        Query(
            expr=f"time() - {latest(families.LAST_LOOK, by='instance')}",
            legend="{{instance}}",
        ),
        unit="s",
        line_at=LATE_LOOK_S,
    )


def _own_errors() -> Panel:
    grown = added(families.INTERNAL_ERRORS, by="stage", over="$__rate_interval")
    return time_series(
        "Errors of the guard's own",
        "Errors that were kept from your calls, by the stage at which they arose. "
        "Each is a defect worth a report.",
        Query(expr=grown, legend="{{stage}}"),
        unit="none",
        bars=True,
        stacked=True,
    ).with_defaults(noValue="No errors")


def _losses() -> Panel:
    queries = (
        Query(
            expr=added(family, by="instance", over="$__rate_interval"),
            legend="{{instance}} " + what,
        )
        for family, what in (
            (families.FRAMES_LOST, "lost"),
            (families.FRAMES_SKIPPED, "skipped"),
        )
    )
    return time_series(
        "Evidence lost",
        "Frames of the journal that could not be stored, and places in it that "
        "could not be read.",
        *queries,
        unit="none",
        bars=True,
    )
