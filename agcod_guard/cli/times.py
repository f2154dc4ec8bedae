"""Times as the command line writes and reads them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import click

_AGO = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd])")
_AHEAD = re.compile(r"in ([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd])")
_UNIT_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_TIMES = ("at_s", "since_s", "until_s")


def iso(at_s: float | None) -> str | None:
    """Return a wall-clock time as `2026-11-22T11:15:05.250Z`; None for None."""
    if at_s is None:
        return None
    at = datetime.fromtimestamp(at_s, UTC).replace(tzinfo=None)
    return f"{at.isoformat(timespec='milliseconds')}Z"


def with_iso(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts with every time twice: `opened_at_s` and `opened_at`."""
    return facts | {
        name.removesuffix("_s"): iso(at_s)
        for name, at_s in facts.items()
        if name.endswith(_TIMES)
    }


def coming(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> float | None:
    """Return the time that an option means, as `moment`, or one from now: `in 2h`.

    Raises:
        click.BadParameter: It is neither.
    """
    ahead = None if value is None else _AHEAD.fullmatch(value)
    if ahead is None:
        return moment(ctx, param, value)
    return time.time() + float(ahead[1]) * _UNIT_S[ahead[2]]


def moment(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> float | None:
    """Return the time that an option means, in seconds since the Unix epoch.

    ISO 8601, GMT unless it says otherwise; or how long ago: `15m`.

    Raises:
        click.BadParameter: It is neither.
    """
    if value is None:
        return None
    if ago := _AGO.fullmatch(value):
        return time.time() - float(ago[1]) * _UNIT_S[ago[2]]
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is no time; write 2026-11-22T11:15, or 90s, 15m, 2h, 1d for "
            "so long ago",
            ctx,
            param,
        ) from None
