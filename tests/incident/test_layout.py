"""Words and lines: nothing lost, nothing acting, 78 columns."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.incident.layout import (
    COLUMNS,
    count,
    gmt,
    gmt_ms,
    harmless_lines,
    identifier,
    length,
    listed,
    money,
    plain,
    some,
    wrapped,
)

anything = st.text(st.characters(codec=None))


@given(value=anything)
def test_an_identifier_can_always_be_read_back(value):
    shown = identifier(value)

    assert shown.encode("ascii").decode("unicode_escape") == value
    assert " " not in shown
    assert shown.isprintable()


@given(value=st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True))
def test_an_ordinary_identifier_is_shown_as_it_is(value):
    assert identifier(value) == value


@given(value=anything)
def test_plain_words_stay_on_one_line_and_do_not_act(value):
    shown = plain(value)

    assert shown.isprintable()
    assert "  " not in shown


def test_plain_words_keep_their_own_letters():
    assert plain("  Zoë\n\tMüller 字 ") == "Zoë Müller 字"
    assert plain("a\u202eb\ud800\x07") == "a\\u202eb\\ud800\\x07"


@given(value=anything)
def test_a_raw_exchange_keeps_its_lines_and_nothing_in_them_acts(value):
    lines = harmless_lines(value)

    assert len(lines) == value.replace("\r\n", "\n").count("\n") + 1
    assert all(line.replace("\t", "").isprintable() for line in lines)


@given(words=st.lists(st.text("abc.-:", min_size=1, max_size=200), min_size=1))
def test_wrapping_keeps_every_word_in_order(words):
    text = " ".join(words)

    lines = wrapped(text, first="  ", rest="    ")

    assert all(len(line) <= COLUMNS for line in lines)
    assert "".join("".join(lines).split()) == "".join(words)


def test_a_long_id_runs_on_without_anything_put_in():
    value = "".join(f"{number:04}" for number in range(75))

    lines = wrapped(f"id: {value} end", first="  ", rest="      ")

    assert "".join(line.strip() for line in lines) == f"id:{value} end"


def test_a_short_id_is_never_broken():
    value = "6d1f0c9e-0000-4000-8000-000000000000"

    lines = wrapped(f"{'word ' * 11}{value}")

    assert lines[1] == value


def test_wide_letters_count_twice():
    assert [len(line) for line in wrapped("字" * 80)] == [39, 39, 2]


@pytest.mark.parametrize("unit", ["2026-11-22 11:15:05 GMT", "GBP 2,600.00"])
def test_a_time_or_an_amount_stays_on_one_line(unit):
    for start in range(40, 80):
        lines = wrapped(f"{'x' * start} {unit}, and so on")
        assert any(f"{unit}," in line for line in lines)


def test_times_are_told_to_the_second_and_millisecond_below():
    assert gmt(1_795_346_105.9996) == "2026-11-22 11:15:05 GMT"
    assert gmt_ms(1_795_346_105.1239) == "2026-11-22 11:15:05.123 GMT"
    assert gmt_ms(1_795_346_105.0) == "2026-11-22 11:15:05.000 GMT"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-3, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (5400, "1 h 30 min")],
)
def test_lengths_are_told_in_two_units(seconds, shown):
    assert length(seconds) == shown


@pytest.mark.parametrize("amount", ["NaN", "-1", "Infinity", "1E+400000"])
def test_an_absurd_amount_is_not_spelled_out(amount):
    assert money(Decimal(amount), "EUR") == "EUR (unreadable amount)"


def test_numbers_and_lists_read_like_prose():
    assert count(1, "call") == "1 call"
    assert count(1204, "call") == "1,204 calls"
    assert listed([]) == ""
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert some("abcdef") == "a, b, c, d and 2 more"
