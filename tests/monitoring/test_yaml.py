"""What is written as YAML is read back as it was, by a YAML parser."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.monitoring.yaml import written

texts = st.text(
    st.characters(
        codec="utf-8",
        categories=("L", "N", "P", "S", "Zs", "Zl"),
        include_characters="\n\r\t",
    )
)
scalars = texts | st.booleans() | st.integers(-999, 999)
nodes = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts, inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


@given(node=nodes)
def test_whatever_is_written_is_read_back(node):
    assert yaml.safe_load(written({"top": node})) == {"top": node}


@pytest.mark.parametrize("word", ["no", "On", "null", "~", "1", "1e3", "0x1", "- a"])
def test_a_text_that_yaml_would_take_for_something_else_stays_a_text(word):
    assert yaml.safe_load(written({"top": word})) == {"top": word}


def test_lines_of_a_text_stay_readable():
    assert written({"expr": "a > 1\nunless b", "for": "3m"}) == (
        "expr: |-\n  a > 1\n  unless b\nfor: 3m\n"
    )


def test_a_comment_stands_above():
    assert written(["ab"], comment="one\ntwo") == "# one\n# two\n- ab\n"
