"""A drill that does not come to its end is judged all the same."""

from __future__ import annotations

import pytest

from agcod_guard.cli.display import SilentDisplay
from agcod_guard.drill.judging import judged
from agcod_guard.drill.run import rehearsed
from agcod_guard.drill.story import STANDARD, Act, Goal, Story


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A drill in which nothing breaks, and which waits for an outage."""
    story = Story(
        policy=STANDARD.policy,
        timeout_s=1.0,
        patience_s=1.0,
        acts=(
            Act(title="nothing breaks", fault=None, lasts_s=0.0, goal=Goal.DECLARED),
        ),
    )
    parent = tmp_path_factory.mktemp("drill")
    rehearsal = rehearsed(story, parent=parent, audience=SilentDisplay(), seed=7)
    return judged(rehearsal)


def test_it_fails_and_says_what_it_was_waiting_for(report):
    assert not report.passed
    assert report.remark == "Given up after 1 s of: nothing breaks."
    assert report.packet is None
    assert report.incidents == ()


def test_what_needs_no_outage_is_still_found_right(report):
    kept = {check.promise for check in report.checks if check.kept}

    assert "every call of the program is on record" in kept
    assert "every file says that this is a drill" in kept
    assert len(kept) <= 3


def test_the_programs_log_is_kept_for_the_user_alone(report):
    assert report.log.parent == report.folder
    assert report.log.stat().st_mode & 0o777 == 0o600
    assert "SUCCESS" in report.log.read_text("utf-8")
