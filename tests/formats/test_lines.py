"""Lines are the same however the bytes of a log arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.formats import lines as lines_module
from agcod_guard.formats.lines import HEAD_BYTES, Line, LineCutter, Spot, log_named

START = Spot("a", 0, 0)

contents = st.lists(st.sampled_from([b"{}", b"", b"\r", b"x" * 9, b"\n"])).map(b"".join)


def cut(content: bytes, sizes: list[int]) -> tuple[list[Line], LineCutter]:
    cutter, lines, start = LineCutter(START), [], 0
    for size in [*sizes, len(content)]:
        lines += cutter.lines(content[start : start + size])
        start += size
    return lines, cutter


@given(contents, st.lists(st.integers(1, 7)))
def test_pieces_of_any_size_make_the_same_lines(content, sizes):
    lines, cutter = cut(content, sizes)

    *whole, rest = content.split(b"\n")
    assert [line.text for line in lines] == whole
    assert [line.number for line in lines] == list(range(1, len(whole) + 1))
    assert cutter.spot == Spot("a", len(content) - len(rest), len(whole))
    assert cutter.read_to == len(content)


@given(contents, st.lists(st.integers(1, 7)))
def test_a_line_stands_where_its_spot_says(content, sizes):
    lines, _ = cut(content, sizes)

    for line in lines:
        start = line.spot.offset
        assert content[start:].partition(b"\n")[0] == line.text


@given(st.lists(st.sampled_from([b"{}", b"\0\0", b"\n"])), st.lists(st.integers(1, 7)))
def test_nuls_in_the_place_of_a_lines_start_take_nothing_of_it(parts, sizes):
    content = b"".join(parts)
    lines, cutter = cut(content, sizes)

    *whole, rest = content.split(b"\n")
    assert [line.text for line in lines] == [each.lstrip(b"\0") for each in whole]
    assert all(content.startswith(each.text, each.spot.offset) for each in lines)
    assert cutter.spot.offset == len(content) - len(rest.lstrip(b"\0"))
    assert cutter.read_to == len(content)


def test_a_hole_is_no_part_of_a_line_however_large_it_is(monkeypatch):
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 8)

    lines, _ = cut(b"\0" * 50 + b"short\n", [7, 20])

    assert lines == [Line(b"short", Spot("a", 50, 0))]


def test_a_line_is_done_with_when_the_next_is_asked_for():
    cutter = LineCutter(START)
    lines = cutter.lines(b"one\ntwo\n")

    next(lines)
    assert cutter.spot == START
    next(lines)
    assert cutter.spot == Spot("a", 4, 1)


@pytest.mark.parametrize("sizes", [[], [3, 3, 3, 3], [100]])
def test_a_line_that_is_too_long_is_told_without_its_text(monkeypatch, sizes):
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 8)

    lines, cutter = cut(b"short\n" + b"x" * 50 + b"\nshort\n", sizes)

    assert [line.text for line in lines] == [b"short", None, b"short"]
    assert cutter.spot.offset == 63


def test_what_is_too_long_is_not_kept_while_its_end_is_waited_for(monkeypatch):
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 8)
    cutter = LineCutter(START)

    assert not list(cutter.lines(b"x" * 50))
    assert not list(cutter.lines(b"x"))

    assert cutter.rest() == Line(None, START)
    assert cutter.read_to == 51


def test_a_rest_that_was_taken_is_not_told_again_when_its_end_comes():
    cutter = LineCutter(START)
    assert not list(cutter.lines(b"{}"))
    assert cutter.rest() == Line(b"{}", START)

    cutter.take_rest()

    assert [line.text for line in cutter.lines(b"\n{}\n")] == [b"", b"{}"]


def test_a_log_is_named_by_its_first_line():
    assert log_named(b"one\ntwo", grows=True) == log_named(b"one\nthree", grows=True)
    assert log_named(b"one\n", grows=True) == log_named(b"one", grows=False)
    assert log_named(b"one\n", grows=True) != log_named(b"two\n", grows=True)


def test_a_first_line_that_may_grow_names_nothing():
    assert log_named(b"one", grows=True) is None
    assert log_named(b"", grows=False) is None
    assert log_named(b"x" * HEAD_BYTES, grows=True) is not None


def test_a_calls_id_is_its_place_in_the_log():
    at_4 = Line(b"", Spot("a", 4, 1)).call_id

    assert at_4 == Line(b"other", Spot("a", 4, 9)).call_id
    assert at_4 != Line(b"", Spot("a", 5, 1)).call_id
    assert at_4 != Line(b"", Spot("b", 4, 1)).call_id
    assert len(at_4) == 16
