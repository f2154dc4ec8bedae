import time

import click
import pytest

from agcod_guard.cli.times import iso, moment, with_iso


def test_a_time_is_written_to_the_millisecond_in_gmt():
    assert iso(1_795_346_105.25) == "2026-11-22T11:15:05.250Z"


def test_every_time_stands_twice_and_nothing_else_does():
    facts = with_iso({"opened_at_s": 1_795_346_105.0, "since_s": None, "down_s": 3.0})

    assert facts == {
        "opened_at_s": 1_795_346_105.0,
        "opened_at": "2026-11-22T11:15:05.000Z",
        "since_s": None,
        "since": None,
        "down_s": 3.0,
    }


@pytest.mark.parametrize(
    ("written", "at_s"),
    [
        ("2026-11-22T11:15:05", 1_795_346_105.0),
        ("2026-11-22T11:15:05.250Z", 1_795_346_105.25),
        ("2026-11-22T12:15:05+01:00", 1_795_346_105.0),
        ("2026-11-22", 1_795_305_600.0),
    ],
)
def test_a_time_without_a_zone_is_gmt(written, at_s):
    assert moment(None, None, written) == at_s


@pytest.mark.parametrize(
    ("written", "ago_s"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1.5d", 129_600)]
)
def test_so_long_ago_is_counted_from_now(written, ago_s):
    now_s = time.time()

    assert now_s - ago_s <= moment(None, None, written) <= time.time() - ago_s


@pytest.mark.parametrize(
    "written", ["", "now", "-5m", "5 minutes", "99999-01-01", "1e3s", "15M"]
)
def test_anything_else_is_refused_with_what_would_do(written):
    with pytest.raises(click.BadParameter, match="write 2026-11-22T11:15, or 90s"):
        moment(None, None, written)
