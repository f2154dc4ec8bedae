import io
import json

from agcod_guard.cli.incidents import list_incidents


def told(folder, **how):
    out = io.StringIO()
    assert list_incidents(folder, out, as_json=True, **how) == 0
    return json.loads(out.getvalue())["incidents"]


def test_all_are_listed_the_newest_last(lived):
    first, second = told(lived)

    assert (first["scope"], first["stage"]) == ("Acmes/eu", "resolved")
    assert (second["scope"], second["stage"]) == ("Acmes/na", "open")


def test_an_incident_is_told_with_its_times_verdict_and_folder(lived):
    incident = told(lived)[0]

    assert incident["first_failed_at"] == "2026-11-22T11:15:10.000Z"
    assert incident["opened_at"] == "2026-11-22T11:15:28.000Z"
    assert incident["first_success_at"] == "2026-11-22T11:15:35.000Z"
    assert incident["down_s"] == 25.0
    assert incident["verdict"] == "amazon"
    assert incident["confirmed"] is False
    assert incident["revision"] >= 2
    assert incident["folder"] == str(
        lived.settings.data_dir / "incidents" / incident["incident_id"]
    )


def test_only_those_not_closed_can_be_asked_for(lived):
    assert [each["scope"] for each in told(lived, only_open=True)] == ["Acmes/na"]


def test_the_table_says_how_long_it_lasted_and_that_it_is_unconfirmed(lived):
    out = io.StringIO()

    list_incidents(lived, out)

    _, row, _ = out.getvalue().splitlines()
    assert "Acmes/eu  resolved" in row
    assert "25 s  amazon, unconfirmed" in row


def test_none_at_all_says_so_and_makes_nothing(nowhere):
    out = io.StringIO()

    assert list_incidents(nowhere, out, only_open=True) == 0
    assert out.getvalue() == f"No open incident in {nowhere.settings.data_dir}.\n"
    assert not nowhere.settings.data_dir.exists()


def test_as_typed_it_lists_the_open_one(lived, run):
    done = run("incidents", "--open", "--data-dir", lived.settings.data_dir)

    assert done.exit_code == 0
    assert "Acmes/na  open" in done.stdout
