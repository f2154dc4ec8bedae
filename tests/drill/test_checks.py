"""Every check of a drill passes when all is right, and can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agcod_guard.drill import checks, file_checks
from agcod_guard.drill.checks import checked, longest_failure
from agcod_guard.incident.items import MISSING

FOLDER = "incidents/20261122T111505Z-eu-3f9a"


def failed(findings, truth):
    """Return the promises that were not kept, in the first three words."""
    return [
        " ".join(check.promise.split()[:3])
        for check in checked(findings, truth)
        if not check.kept
    ]


def with_file(findings, name, content):
    return replace(findings, files={**findings.files, name: content})


def with_incident(findings, **changes):
    changed = replace(findings.incidents[0], **changes)
    return replace(findings, incidents=(changed,))


def with_attempt(truth, number, **changes):
    attempts = list(truth.attempts)
    attempts[number] = replace(attempts[number], **changes)
    return replace(truth, attempts=tuple(attempts))


def test_a_drill_that_went_well_passes_every_check(findings, truth):
    assert failed(findings, truth) == []
    assert len(checked(findings, truth)) == 11


def test_the_outage_is_the_longest_run_of_failures_of_eu_alone(truth, attempt):
    alone = (attempt(-9.0, "Drill0", "ReadTimeout"),)

    outage = longest_failure((*alone, *truth.attempts))

    assert [it.request_id for it in outage] == [
        "Drill3",
        "Drill4",
        None,
        "Drill3",
        "Drill5",
    ]


def test_without_an_incident_nothing_that_needs_one_passes(findings, truth):
    nothing = replace(
        findings, incidents=(), dossier=None, answers=(), replayed=(), files={}
    )

    kept = [check for check in checked(nothing, truth) if check.kept]

    assert [check.promise for check in kept] == [
        "every call of the program is on record",
        "no claim code, key or signature in any file",
    ]


@pytest.mark.parametrize("region", ["eu", "na"])
def test_a_second_incident_fails(findings, truth, region):
    first = findings.incidents[0]
    endpoint = replace(first.scope.endpoint, region=region)
    second = replace(
        first, incident_id="x", scope=replace(first.scope, endpoint=endpoint)
    )

    both = replace(findings, incidents=(second, first))

    assert "one incident, of" in failed(both, truth)


def test_an_incident_that_stays_open_fails(findings, truth):
    still_open = with_incident(findings, resolved_at_s=None)

    assert failed(still_open, truth) == ["the incident is"]


@pytest.mark.parametrize("apart_s", [-0.06, 0.06])
def test_a_first_failure_51_ms_off_fails(findings, truth, apart_s):
    first_s = findings.incidents[0].first_failed_at_s + apart_s

    moved = with_incident(findings, first_failed_at_s=first_s)

    assert "first failure: the" in failed(moved, truth)


def test_a_program_that_stamps_late_does_not_fail_the_guard(findings, truth):
    late = with_attempt(truth, 2, ended_at_s=truth.attempts[2].ended_at_s + 0.09)

    assert failed(findings, late) == []


def test_what_the_program_noted_late_still_has_to_come_after_the_answer(
    findings, truth
):
    late = with_attempt(truth, 2, ended_at_s=truth.attempts[2].ended_at_s + 0.09)
    early = with_incident(
        findings, first_failed_at_s=truth.attempts[2].started_at_s + 0.02
    )

    assert "first failure: the" in failed(early, late)


@pytest.mark.parametrize(
    "changes",
    [
        {"request_id": "Other"},
        {"result": "SUCCESS"},
        {"result": "F100 GeneralError"},
        {"endpoint": "na"},
        {"started_at_s": 0.0},
    ],
    ids=["id", "success", "error", "endpoint", "time"],
)
def test_a_sample_that_the_program_does_not_know_fails(findings, truth, changes):
    other = with_attempt(truth, 2, **changes)
    resent = with_attempt(other, 6, request_id="Drill7")

    assert not checks.sample(findings, resent.attempts).kept


def test_no_sample_fails(findings, truth):
    without = replace(findings, dossier=replace(findings.dossier, sample_call=None))

    assert "sample: a failed" in failed(without, truth)


@pytest.mark.parametrize("figure", ["calls", "failed", "failed_orders"])
def test_a_figure_that_is_one_off_fails(findings, truth, figure):
    value = getattr(findings.dossier, figure) + 1
    off = replace(findings, dossier=replace(findings.dossier, **{figure: value}))

    check = checks.counts(off, longest_failure(truth.attempts))

    assert not check.kept
    assert "the program has 5, 5, 4" in check.detail


def test_a_call_that_is_not_on_record_fails(findings, truth):
    lost = replace(findings, recorded=findings.recorded[:-1])

    check = checks.nothing_lost(lost, truth.attempts)

    assert not check.kept
    assert check.detail == "8 calls; 1 are missing, 0 too many"


def test_a_call_that_nobody_made_fails(findings, truth):
    more = replace(findings, recorded=(*findings.recorded, findings.recorded[0]))

    assert not checks.nothing_lost(more, truth.attempts).kept


def test_a_fact_to_fill_in_fails(findings, truth):
    unknown = replace(findings.answers[0], answer=(f"{MISSING} name",))
    incomplete = replace(findings, answers=(unknown, *findings.answers[1:]))

    check = file_checks.packet_is_complete(incomplete)

    assert not check.kept
    assert check.detail == "missing: Contact name"


def test_a_packet_on_disk_that_wants_filling_in_fails(findings, truth):
    path = f"{FOLDER}/packet.txt"
    asking = with_file(findings, path, findings.files[path] + MISSING.encode())

    assert failed(asking, truth) == ["the packet is"]


@pytest.mark.parametrize("name", ["packet.txt", "sample-request.txt", "calls.csv"])
def test_a_file_that_is_not_there_fails(findings, truth, name):
    files = dict(findings.files)
    del files[f"{FOLDER}/{name}"]

    assert not file_checks.packet_is_complete(replace(findings, files=files)).kept


@pytest.mark.parametrize(
    ("told", "instead"),
    [(b"Drill3", b"Drill9"), (b"5 of 5", b"4 of 5"), (b"11:15:05", b"11:15:06")],
)
def test_a_packet_that_tells_something_else_fails(findings, truth, told, instead):
    path = f"{FOLDER}/packet.txt"
    other = with_file(findings, path, findings.files[path].replace(told, instead))

    assert failed(other, truth) == ["the packet on"]


@pytest.mark.parametrize("name", ["revisions/1/packet.txt", "calls.csv"])
def test_a_file_that_could_be_taken_for_a_true_one_fails(findings, truth, name):
    bare = with_file(findings, f"{FOLDER}/{name}", b"started,ended\n")

    assert not file_checks.drill_is_named(bare).kept


@pytest.mark.parametrize(
    "secret",
    [
        b"0AAA-BBBBBB-CCCC",
        b"0AAABBBBBBCCCC",
        b"AKIAFAKEFAKEFAKEFAKE",
        b"fake/secret/for/the/simulator/only",
        b"Signature=" + b"0123456789abcdef" * 4,
    ],
)
def test_a_secret_in_the_bytes_of_any_file_fails(findings, truth, secret):
    leaking = with_file(findings, "journal/x.seg", b"\n\x00S" + secret + b"\xff")

    assert failed(leaking, truth) == ["no claim code,"]


def test_a_search_for_no_claim_code_at_all_proves_nothing(findings, truth):
    none = replace(
        truth, entries=tuple(replace(it, claim_code=None) for it in truth.entries)
    )

    assert failed(findings, none) == ["no claim code,"]


@pytest.mark.parametrize(
    "changes", [{"incident_id": "20261122T111505Z-eu-0000"}, {"first_failed_at_s": 0}]
)
def test_a_replay_that_finds_another_incident_fails(findings, truth, changes):
    other = replace(findings.replayed[0], **changes)

    assert failed(replace(findings, replayed=(other,)), truth) == ["replay: the same"]
