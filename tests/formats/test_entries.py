"""Entries are found however the file is cut, and whatever else stands in it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.formats.entries import Entries, TooLarge

TRICKY = [
    {"a": '"log" { [ "entries" \\'},
    {"b": [{"c": "]}"}], "\\": "\\\\"},
    {},
    {"log": {"entries": [{"inner": 1}]}},
    {"é": "\u2028 ünï"},
]


def found(text: bytes, *, step: int = 0, **limits) -> list[bytes]:
    step = step or len(text) or 1
    chunks = [text[at : at + step] for at in range(0, len(text), step)]
    return list(Entries(**limits).within(chunks))


def har(entries, **log) -> bytes:
    return json.dumps({"log": log | {"entries": entries} | {"pages": [{}]}}).encode()


def test_every_entry_is_found_whole_in_chunks_of_any_size():
    text = har(TRICKY, version="1.2", comment='"entries": [ {"no": "entry"} ]')

    for step in (1, 2, 3, 7, 64, 100_000):
        assert [json.loads(each) for each in found(text, step=step)] == TRICKY


@given(
    entries=st.lists(
        st.dictionaries(st.text(), st.text() | st.lists(st.text()), max_size=3)
    ),
    comment=st.text(),
    step=st.integers(1, 50),
)
def test_whatever_the_texts_say_the_entries_are_the_same(entries, comment, step):
    text = har(entries, comment=comment, creator={"entries": [{"name": comment}]})

    assert [json.loads(each) for each in found(text, step=step)] == entries


def test_only_the_list_in_the_log_counts():
    text = b'{"log":{"pages":[{"x":1}],"o":{"entries":[{"y":1}]},"entries":[{"z":1}]}}'

    assert found(text) == [b'{"z":1}']
    assert found(b'{"other":{"entries":[{"z":1}]}}') == []


def test_the_end_of_the_list_is_known():
    whole, torn = Entries(), Entries()
    text = har(TRICKY)

    list(whole.within([text]))
    list(torn.within([text[: text.index(b'"pages"') - 5]]))

    assert (whole.is_complete, torn.is_complete) == (True, False)


def test_a_broken_entry_does_not_hide_the_next():
    text = b'{"log":{"entries":[{"a": tru, x}, [1], 7, "s", {"b":1}]}}'

    assert found(text) == [b'{"a": tru, x}', b"[1]", b'{"b":1}']


def test_an_entry_that_is_too_large_is_not_kept_and_the_next_is():
    big = {"text": 'x\\"}' * 500, "more": ["{" * 500] * 5}
    text = har([{"a": 1}, big, {"b": 2}])

    for step in (1, 10, 33, 100):
        one, large, two = found(text, step=step, longest=400)
        assert (json.loads(one), json.loads(two)) == ({"a": 1}, {"b": 2})
        assert isinstance(large, TooLarge)
        assert large.startswith(b'{"text": "x')


def test_memory_is_bounded_by_the_longest_entry():
    entries = Entries(longest=1_000)
    opened = b'{"log":{"entries":[{"a":"'

    for _ in entries.within([opened, *[b"y" * 500] * 1_000]):
        pass

    assert len(entries._buffer) <= 2_000


def test_brackets_that_do_not_match_end_nothing_early():
    assert found(b"]}]}" + har(TRICKY))
    assert found(b"") == []
