"""PromQL for the dashboard, made of the families that the guard registers. Pure.

A name is always taken from a `Family`, so a query cannot ask for a metric that
does not exist. What is read from the ladder is the same in every process of a
machine: such values are never added up, the worst of them counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from agcod_guard.telemetry.families import CALLS, LAST_FAILURE, LAST_SUCCESS, Family

SCOPE = "account, endpoint"
OPERATION = f"{SCOPE}, operation"
SCOPE_NAME = "{{account}} · {{endpoint}}"
"""Legend of what is one series for each scope."""

_CHOSEN = ('job=~"$job"', 'instance=~"$instance"')
_ENDPOINT = 'endpoint=~"$endpoint"'


def matching(label: str, values: Iterable[str]) -> str:
    """Return the matcher for any of these values of a label."""
    any_of = "|".join(values)
    return f'{label}=~"{any_of}"'


def series(family: Family, *matchers: str, suffix: str = "") -> str:
    """Return the series of `family` that the dashboard's variables choose.

    Args:
        family: The metric.
        matchers: Further label matchers, such as `outcome="FAULT"`.
        suffix: `_bucket` for the buckets of a histogram.
    """
    chosen = [*_CHOSEN, *([_ENDPOINT] if "endpoint" in family.labels else [])]
    return f"{family.name}{suffix}{{{', '.join([*chosen, *matchers])}}}"


def per_minute(family: Family, *matchers: str, by: str) -> str:
    """Return how often a counter moves, per minute, for each value of `by`."""
    rate = f"rate({series(family, *matchers)}[$__rate_interval])"
    return f"60 * sum by ({by}) ({rate})"


def added(family: Family, *matchers: str, by: str = "", over: str) -> str:
    """Return by how much a counter grew within `over`, for each value of `by`."""
    grouping = f" by ({by})" if by else ""
    return f"sum{grouping} (increase({series(family, *matchers)}[{over}]))"


def worst(family: Family, *matchers: str, by: str = SCOPE) -> str:
    """Return the highest value of a gauge for each value of `by`."""
    return f"max by ({by}) ({series(family, *matchers)})"


def earliest(family: Family, *, by: str = SCOPE) -> str:
    """Return the first of the times of a gauge, where 0 is none."""
    return f"min by ({by}) ({series(family)} > 0)"


def latest(family: Family, *, by: str = SCOPE) -> str:
    """Return the last of the times of a gauge, where 0 is none."""
    return f"max by ({by}) ({series(family)} > 0)"


def milliseconds(seconds: str) -> str:
    """Return a time as Grafana's units for dates take it."""
    return f"1000 * {seconds}"


def ranked(label: str, ranks: Iterable[tuple[Family, str, int]]) -> str:
    """Return one number for each scope: the highest rank that holds there.

    Args:
        label: Label that names what is ranked.
        ranks: Family, value of the label (empty if the family has no such
            label) and rank. The family's series are 1 where it holds.
    """
    each = (
        f"{series(family, *_matching(label, value))} * {rank}"
        for family, value, rank in ranks
    )
    return f"max by ({SCOPE}) ({' or '.join(each)})"


def used(expr: str, *, by: str) -> str:
    """Return `expr` for those values of `by` that any call in the range had."""
    calls = added(CALLS, by=by, over="$__range")
    return f"{expr} and on ({by}) ({calls} > 0)"


def share(family: Family, part: str, *, of: str, by: str = SCOPE) -> str:
    """Return which share of a counter's moves one matcher is of another's."""
    each = (
        f"sum by ({by}) (rate({series(family, matcher)}[$__rate_interval]))"
        for matcher in (part, of)
    )
    return " / ".join(each)


def called(expr: str) -> str:
    """Return `expr` for the scopes of which any call is known.

    The guard shows every account of the settings at every endpoint of theirs; most
    accounts use one.
    """
    known = (latest(family) for family in (LAST_SUCCESS, LAST_FAILURE))
    return f"{expr} and on ({SCOPE}) ({' or '.join(known)})"


def quantile(ratio: float, family: Family, *matchers: str) -> str:
    """Return a quantile of a histogram, over all that the variables choose."""
    rate = f"rate({series(family, *matchers, suffix='_bucket')}[$__rate_interval])"
    return f"histogram_quantile({ratio}, sum by (le) ({rate}))"


def _matching(label: str, value: str) -> list[str]:
    return [f'{label}="{value}"'] if value else []
