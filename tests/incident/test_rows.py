"""calls.csv: a row a call, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest

from agcod_guard.incident.rows import CELLS, call_row, calls_csv


def cells(line: str) -> dict[str, str]:
    (row,) = csv.reader(io.StringIO(line))
    return dict(zip(CELLS, row, strict=True))


def test_a_row_tells_the_call(call):
    row = cells(call_row(call(0)))

    assert row["started"] == "2026-11-22 11:15:04.923 GMT"
    assert row["request_id"] == "Acmes33245000H2"
    assert row["error"] == "F500 GeneralError"
    assert (row["amount"], row["currency"]) == ("25.00", "GBP")
    assert row["test_call"] == "no"
    assert row["card_serial"] == ""


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1"])
def test_a_cell_that_would_start_a_formula_is_quoted_and_can_be_told(call, value):
    assert cells(call_row(call(0, request_id=value)))["request_id"] == f"'{value}"


@pytest.mark.parametrize("value", ["Acmes=1", "1-2", "a@b", "Acmes'1"])
def test_no_other_cell_is_changed(call, value):
    assert cells(call_row(call(0, request_id=value)))["request_id"] == value


def test_a_hostile_id_stays_on_its_line(call):
    line = call_row(call(0, request_id='../../etc/passwd\n"x",y'))

    assert line.count("\n") == 1
    assert cells(line)["request_id"] == '../../etc/passwd\\x0a"x",y'


def test_what_is_left_out_is_said(call):
    text = calls_csv([call(0)], [call(5)], omitted=1234)

    assert "# 1,234 calls are left out after the first 1 rows.\n" in text
    assert text.count("Acmes") == 4
