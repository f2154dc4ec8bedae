import io
import json

import pytest
from partner import START_S, fault, guarded

from agcod_guard.cli.calls import Wanted, found_calls, list_calls, newest
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder


def told(folder, **wanted):
    """Return the JSON objects that are printed."""
    out = io.StringIO()
    assert list_calls(folder, Wanted(**{"limit": 0} | wanted), out, as_json=True) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def ids(calls):
    return [call["request_id"] for call in calls]


def test_every_call_is_listed_once_in_the_order_of_its_end(lived):
    calls = told(lived)

    assert len(calls) == 96
    assert [each["ended_at_s"] for each in calls] == sorted(
        each["ended_at_s"] for each in calls
    )


def test_the_newest_come_last_and_a_limit_keeps_them(lived):
    calls = told(lived, limit=3)

    assert ids(calls) == ["Acmes000093", "Acmes000094", "Acmes000095"]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"endpoint": "na"}, 30),
        ({"outcome": "FAULT"}, 50),
        ({"outcome": "FAULT", "endpoint": "eu"}, 25),
        ({"error": "f500"}, 50),
        ({"error": "GeneralError"}, 50),
        ({"error": "it did not work"}, 50),
        ({"request_id": "Acmes000007"}, 1),
        ({"account": "Acmes"}, 96),
        ({"account": "unknown"}, 0),
        ({"operation": "CancelGiftCard"}, 0),
        ({"since_s": START_S + 5, "until_s": START_S + 30}, 25),
    ],
)
def test_each_filter_leaves_what_it_names(lived, wanted, count):
    assert len(told(lived, **wanted)) == count


def test_a_call_without_an_end_is_listed_as_no_answer_yet(lived):
    [call] = told(lived, request_id="AcmesHangs")

    assert call["has_ended"] is False
    assert call["outcome"] == "NO_ANSWER"
    assert call["started_at"] == "2026-11-22T11:16:10.000Z"


def test_the_table_says_that_no_answer_has_come_yet(lived):
    out = io.StringIO()

    list_calls(lived, Wanted(request_id="AcmesHangs"), out)

    row = out.getvalue().splitlines()[1]
    assert row.startswith("no answer yet")
    assert row.endswith("sent 2026-11-22T11:16:10.000Z")


def test_a_call_that_ends_after_all_is_listed_again(tmp_path):
    clock = ManualClock(START_S)
    partner = guarded(tmp_path, clock)
    seen = partner.guard.observe(
        method="POST", url="https://agcod-v2-eu.amazon.com/CreateGiftCard"
    )
    with seen:
        clock.advance(90.0)
        seen.answer(status=503, headers={}, body=b"")
    partner.guard.close()
    folder = DataFolder(settings=partner.guard.settings, clock=clock)

    assert [(each["has_ended"], each["duration_s"]) for each in told(folder)] == [
        (False, 60.0),
        (True, 90.0),
    ]


def test_only_as_many_calls_are_held_as_are_shown():
    assert list(newest(iter(range(1_000_000)), 2)) == [999_998, 999_999]
    endless = iter(int, 1)
    assert newest(endless, 0) is endless


def test_calls_are_found_one_by_one(lived):
    found = found_calls(lived, Wanted(limit=0))

    assert next(found).call.request_id == "Acmes000001"


def test_nothing_found_says_where_it_looked(nowhere):
    out = io.StringIO()

    code = list_calls(nowhere, Wanted(since_s=START_S), out)

    assert code == 0
    assert out.getvalue() == (
        f"No such call in {nowhere.settings.data_dir}/journal since "
        "2026-11-22T11:15:05.000Z; --since 30d looks further back.\n"
    )
    assert not nowhere.settings.data_dir.exists()


def test_what_a_partner_sent_cannot_act_on_the_terminal(tmp_path):
    clock = ManualClock(START_S)
    partner = guarded(tmp_path, clock)
    partner.order(fault("F500"), account="Ac\x1b[2Jme")
    partner.guard.close()
    out = io.StringIO()

    list_calls(DataFolder(settings=partner.guard.settings, clock=clock), Wanted(), out)

    assert "\x1b" not in out.getvalue()
    assert "Ac\\x1b[2Jme" in out.getvalue()


def test_a_time_that_is_none_is_refused_with_the_spelling_that_works(run):
    done = run("calls", "--since", "yesterday")

    assert done.exit_code == 2
    assert "'yesterday' is no time; write 2026-11-22T11:15, or 90s" in done.stderr


def test_as_typed_it_looks_at_the_last_day_and_prints_a_table(lived, run):
    done = run(
        "calls", "--data-dir", lived.settings.data_dir, "--since", "2026-11-22",
        "--outcome", "fault", "--limit", "2",
    )  # fmt: skip

    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "ENDED",
        "2026-11-22T11:16:38.000Z",
        "2026-11-22T11:16:39.000Z",
    ]
    assert "F500 GeneralError" in done.stdout
