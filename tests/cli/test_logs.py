"""What is told of bad records, however long a log is read."""

from __future__ import annotations

from agcod_guard.cli.logs import MOST_SHOWN, SHOWN_AGAIN_S, Complaints
from agcod_guard.clock import ManualClock
from agcod_guard.logs.call_log import Problem


def test_a_log_that_is_followed_tells_of_bad_lines_again_after_an_hour(capsys):
    clock = ManualClock()
    complaints = Complaints("log", strict=False, monotonic_s=clock.monotonic_s)
    for number in range(MOST_SHOWN + 5):
        complaints(Problem(f"{number}", "bad"))
    capsys.readouterr()

    clock.advance(SHOWN_AGAIN_S)
    complaints(Problem("77", "still bad"))
    complaints.end()

    told = capsys.readouterr().err.splitlines()
    assert told == ["log: 5 more bad records", "log:77: still bad"]
