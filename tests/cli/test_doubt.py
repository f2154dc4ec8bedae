"""What finance asks for the morning after."""

from __future__ import annotations

import csv
import io
import json

import pytest
import requests
from partner import START_S, fault, guarded, settings, success

from agcod_guard.cli.doubt import show_orders, write_csv
from agcod_guard.clock import ManualClock
from agcod_guard.data_folder import DataFolder, orders_in
from agcod_guard.outage.policy import OutagePolicy


@pytest.fixture
def clock():
    return ManualClock(START_S)


@pytest.fixture
def partner(tmp_path, clock):
    partner = guarded(tmp_path / "data", clock)
    yield partner
    partner.guard.close()


def folder_of(partner):
    return DataFolder(
        settings=settings(partner.guard.settings.data_dir), clock=partner.clock
    )


def orders(partner, **how):
    return orders_in(folder_of(partner), policy=OutagePolicy(), **how)


def shown(found, now_s, **how):
    out = io.StringIO()
    assert show_orders(found, out, now_s=now_s, **how) == 0
    return out.getvalue()


def test_a_time_out_leaves_its_order_in_doubt_and_a_failure_with_a_code_does_not(
    partner,
):
    (lost,) = partner.sell(1, requests.ReadTimeout())
    partner.sell(20, fault("F500"))

    assert [each.request_id for each in orders(partner)] == [lost]


def test_the_list_is_the_same_with_a_guard_at_work_and_without_one(partner):
    partner.sell(15, requests.ReadTimeout())
    partner.sell(15, success())
    with_guard = orders(partner)

    partner.guard.close()
    partner.clock.advance(60.0)

    assert orders(partner) == with_guard
    assert len(with_guard) == 15


def test_a_restart_goes_on_with_the_books(tmp_path, clock):
    before = guarded(tmp_path / "data", clock)
    before.sell(3, requests.ReadTimeout())
    before.sell(20, success())
    before.guard.close()

    after = guarded(tmp_path / "data", clock)
    after.sell(3, requests.ReadTimeout())
    after.sell(20, success())
    found = orders(after)
    after.guard.close()

    assert [each.attempts for each in found] == [2, 2, 2]  # ids begin anew at 1
    assert [each.request_id for each in found] == [
        "Acmes000001",
        "Acmes000002",
        "Acmes000003",
    ]


def test_a_later_answer_closes_the_order_and_it_stays_to_be_seen(partner):
    partner.sell(1, requests.ReadTimeout())
    partner._number = 0
    partner.sell(1, success())
    partner.clock.advance(5.0)

    assert orders(partner) == []
    (closed,) = orders(partner, only_open=False)
    assert closed.closed_by == "SUCCESS"
    assert "known since 2026-11-22T11:15:06.000Z: SUCCESS" in shown([closed], START_S)


def test_the_table_says_what_they_are_worth_and_how_long_they_can_be_undone(partner):
    partner.sell(2, requests.ReadTimeout())
    partner.clock.advance(5.0)
    found = orders(partner)

    in_time = shown(found, START_S + 300)
    too_late = shown(found, START_S + 1_000)

    assert "10 min 0 s left" in in_time
    assert "2 orders in doubt, worth GBP 50.00." in in_time
    assert "or, if nobody wants it any more, CancelGiftCard it in time." in in_time
    assert too_late.count("too late  ") == 2
    assert "too late to CancelGiftCard." in too_late


def test_no_order_in_doubt_says_so(nowhere):
    assert shown(orders_in(nowhere, policy=OutagePolicy()), START_S) == (
        "No order is in doubt.\n"
    )
    assert not nowhere.settings.data_dir.exists()


def test_the_spreadsheet_is_written_for_its_owner_alone(partner, tmp_path):
    partner.sell(2, requests.ReadTimeout())
    partner.clock.advance(5.0)
    path, out = tmp_path / "orders.csv", io.StringIO()

    write_csv(orders(partner), path, out, now_s=START_S)

    rows = list(csv.DictReader(path.read_text().splitlines()[1:]))
    assert [row["amount"] for row in rows] == ["25", "25"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert out.getvalue() == f"2 orders written to {path}.\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data", "orders.csv"]


def test_as_typed_the_list_comes_as_a_table_a_spreadsheet_and_json(partner, run):
    partner.sell(1, requests.ReadTimeout())
    partner.guard.close()
    where = ("--data-dir", partner.guard.settings.data_dir)

    table = run("doubt", *where)
    sheet = run("doubt", "--csv", "-", *where)
    facts = json.loads(run("doubt", "--json", *where).output)

    assert table.exit_code == sheet.exit_code == 0
    assert "Acmes000001" in table.output
    assert "Acmes000001" in sheet.output
    assert facts["orders"][0]["undo"] == "CancelGiftCard"
    assert run("doubt", "--account", "Other", *where).output == (
        "No order is in doubt.\n"
    )
