import io
import json

import click
import pytest
from partner import START_S

from agcod_guard.cli.change import add_change, list_changes


def listed(folder, **how):
    out = io.StringIO()
    assert list_changes(folder, out, as_json=True, **how) == 0
    return json.loads(out.getvalue())


def test_a_change_is_noted_with_its_time_and_listed_the_newest_last(nowhere):
    add_change(nowhere, "deployed  4.2\n", io.StringIO())
    add_change(nowhere, "new proxy", io.StringIO(), at_s=START_S - 900)

    found = listed(nowhere)["changes"]

    assert [each["text"] for each in found] == ["new proxy", "deployed 4.2"]
    assert found[0]["at_s"] == START_S - 900


def test_only_the_newer_ones_can_be_asked_for(nowhere):
    add_change(nowhere, "old", io.StringIO(), at_s=START_S - 900)

    assert listed(nowhere, since_s=START_S - 60)["changes"] == []


def test_a_secret_in_the_words_is_not_kept(nowhere):
    add_change(nowhere, "resent claimCode AAAA-BBBBBB-CCCC by hand", io.StringIO())

    (change,) = listed(nowhere)["changes"]
    assert "BBBBBB" not in change["text"]
    assert change["text"].startswith("resent")


@pytest.mark.parametrize(
    ("text", "at_s", "told"),
    [(" \n", None, "in a few words"), ("later", START_S + 1, "still to come")],
)
def test_what_is_no_change_is_refused_and_nothing_is_made(nowhere, text, at_s, told):
    with pytest.raises(click.BadParameter, match=told):
        add_change(nowhere, text, io.StringIO(), at_s=at_s)

    assert not nowhere.settings.data_dir.exists()


def test_without_a_record_no_claim_is_made(nowhere):
    out = io.StringIO()

    list_changes(nowhere, out)

    assert "no claim can be made" in out.getvalue()
    assert listed(nowhere) == {
        "changes": [],
        "recorded_since_s": None,
        "recorded_since": None,
    }


def test_with_a_record_it_says_since_when_nothing_has_changed(nowhere):
    nowhere.ladder().note_change(START_S - 900, "old")
    out = io.StringIO()

    list_changes(nowhere, out, since_s=START_S - 60)

    assert out.getvalue() == "No change is recorded since 2026-11-22T11:15:05.000Z.\n"


def test_as_typed_a_change_is_noted_and_listed(run, tmp_path):
    where = ("--data-dir", tmp_path / "data")

    noted = run("change", "add", "deployed 4.2", "--at", "15m", *where)
    shown = run("change", "list", *where)

    assert noted.exit_code == shown.exit_code == 0
    assert "stands in every packet written from now on" in noted.output
    assert shown.output.splitlines()[1].endswith("deployed 4.2")
