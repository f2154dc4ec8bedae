"""What the alerts ask of the counters of all instances, recorded once. Pure.

Everything is summed by account and endpoint: those two say which AGCOD it is,
however many jobs and machines sell through it. So a success on any of them counts
for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agcod_guard.call import Outcome
from agcod_guard.telemetry.families import CALLS, DURATION, LAST_SUCCESS, OWN_SIDE

MINUTE_S = 60.0
HOUR_S = 3600.0

TECHNICAL = (Outcome.FAULT, Outcome.NO_ANSWER)
"""What speaks for an outage."""

REFUSED = (Outcome.ACCOUNT, Outcome.REJECTED, Outcome.DENIED)
"""What speaks against one without being a success."""

SLOW_S = 4.0
"""A success that took longer is slow; one of the histogram's buckets."""

_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """An expression that is kept under a name."""

    name: str
    expr: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast time passes: 1 for real; less, to see an hour in a minute.

    Attributes:
        scale: What every duration is multiplied by.
    """

    scale: float = 1.0

    def span(self, seconds: float) -> str:
        """Return a duration as PromQL writes it, e.g. `90s`."""
        total_ms = max(1, round(seconds * self.scale * 1000))
        size, unit = next(each for each in _UNITS if total_ms % each[0] == 0)
        return f"{total_ms // size}{unit}"

    def seconds(self, seconds: float) -> str:
        """Return a duration as a number of seconds, for a comparison."""
        return f"{seconds * self.scale:g}"


REAL = Pace()

SUCCESSES_2M = "account_endpoint:agcod_successes:increase2m"
SUCCESSES_3M = "account_endpoint:agcod_successes:increase3m"
SUCCESSES_30M = "account_endpoint:agcod_successes:increase30m"
FAILURES_3M = "account_endpoint:agcod_failures:increase3m"
FAILURES_30M = "account_endpoint:agcod_failures:increase30m"
REFUSALS_3M = "account_endpoint:agcod_refusals:increase3m"
REFUSALS_30M = "account_endpoint:agcod_refusals:increase30m"
CALLS_30M = "account_endpoint:agcod_calls:increase30m"
CALLS_RATE = "account_endpoint_outcome:agcod_calls:rate5m"
SUCCESS_AGE = "account_endpoint:agcod_success_age_seconds:min"
OWN_SIDE_MAX = "account_endpoint:agcod_own_side:max"
FAILED_5M, FAILED_30M, FAILED_1H, FAILED_6H = (
    f"account_endpoint:agcod_failures:ratio_rate{span}"
    for span in ("5m", "30m", "1h", "6h")
)
SLOW_5M, SLOW_30M = (
    f"endpoint:agcod_slow_successes:ratio_rate{span}" for span in ("5m", "30m")
)


def recordings(pace: Pace = REAL) -> list[Recording]:
    """Return what is to be recorded before the alerts are judged."""
    return [Recording(name=name, expr=expr) for name, expr in _expressions(pace)]


def calls(pace: Pace, seconds: float, *outcomes: Outcome, by: str = "") -> str:
    """Return the expression of how many calls ended so in the last seconds."""
    match = "=" if len(outcomes) == 1 else "=~"
    chosen = f'{{outcome{match}"{"|".join(outcomes)}"}}' if outcomes else ""
    labels = f"account, endpoint{by and f', {by}'}"
    return f"sum by ({labels}) (increase({CALLS.name}{chosen}[{pace.span(seconds)}]))"


def _expressions(pace: Pace) -> Iterator[tuple[str, str]]:
    yield (
        CALLS_RATE,
        "sum by (account, endpoint, outcome) "
        f"(rate({CALLS.name}[{pace.span(5 * MINUTE_S)}]))",
    )
    yield SUCCESSES_2M, calls(pace, 2 * MINUTE_S, Outcome.SUCCESS)
    for minutes, successes, failures, refusals in (
        (3, SUCCESSES_3M, FAILURES_3M, REFUSALS_3M),
        (30, SUCCESSES_30M, FAILURES_30M, REFUSALS_30M),
    ):
        yield successes, calls(pace, minutes * MINUTE_S, Outcome.SUCCESS)
        yield failures, calls(pace, minutes * MINUTE_S, *TECHNICAL)
        yield refusals, calls(pace, minutes * MINUTE_S, *REFUSED)
    yield CALLS_30M, calls(pace, 30 * MINUTE_S)
    yield SUCCESS_AGE, f"time() - max by (account, endpoint) ({LAST_SUCCESS.name})"
    yield OWN_SIDE_MAX, f"max by (account, endpoint) ({OWN_SIDE.name})"
    for name, seconds in (
        (FAILED_5M, 5 * MINUTE_S),
        (FAILED_30M, 30 * MINUTE_S),
        (FAILED_1H, HOUR_S),
        (FAILED_6H, 6 * HOUR_S),
    ):
        failed, every = calls(pace, seconds, *TECHNICAL), calls(pace, seconds)
        yield name, f"{failed}\n/ ({every} > 0)"
    for name, seconds in ((SLOW_5M, 5 * MINUTE_S), (SLOW_30M, 30 * MINUTE_S)):
        quick = _successes_within(pace, seconds, f'_bucket{{le="{SLOW_S}",')
        yield (
            name,
            f"1 - {quick}\n/ ({_successes_within(pace, seconds, '_count{')} > 0)",
        )


def _successes_within(pace: Pace, seconds: float, series: str) -> str:
    selected = f'{DURATION.name}{series}outcome="{Outcome.SUCCESS}"}}'
    return f"sum by (endpoint) (rate({selected}[{pace.span(seconds)}]))"
