"""The program's own log."""

from __future__ import annotations

import csv

from agcod_guard.drill.program import ProgramLog, log_csv


def test_the_log_is_in_the_order_in_which_calls_ended_whoever_noted_first(attempt):
    log = ProgramLog()
    for at_s, region in ((2.0, "eu"), (1.0, "eu"), (1.5, "na")):
        log.add(attempt(at_s, f"Drill{at_s}", "SUCCESS", endpoint=region))

    assert [it.request_id for it in log.attempts()] == [
        "Drill1.0",
        "Drill1.5",
        "Drill2.0",
    ]
    assert [it.request_id for it in log.attempts("na")] == ["Drill1.5"]


def test_the_log_as_a_file_says_that_it_is_a_drills_and_keeps_every_call(truth):
    first, *rows = log_csv(truth.attempts).decode().splitlines()

    read = list(csv.DictReader(rows))

    assert first.startswith("# NOT FOR THE PAGER - THIS IS A DRILL")
    assert [(row["endpoint"], row["request_id"], row["result"]) for row in read] == [
        (it.endpoint, it.request_id or "", it.result) for it in truth.attempts
    ]
    assert [float(row["ended_at_s"]) for row in read] == [
        it.ended_at_s for it in truth.attempts
    ]
