"""Callbacks are told; one that never returns stops nobody else."""

from __future__ import annotations

import threading

import pytest

from agcod_guard import telling
from agcod_guard.telling import Telling

TOLD = ["first", "second"]


@pytest.fixture
def contained():
    return []


@pytest.fixture
def told(contained):
    return Telling(lambda stage, error: contained.append((stage, type(error))))


def test_every_callback_is_told_everything_before_the_look_goes_on(told):
    one, other = [], []
    told.add(one.append)
    told.add(other.append)

    told.tell(TOLD)

    assert one == other == TOLD


def test_an_error_of_one_is_contained(told, contained):
    heard = []
    told.add(lambda _: 1 / 0)
    told.add(heard.append)

    told.tell(TOLD)

    assert heard == TOLD
    assert contained == [("on_transition", ZeroDivisionError)] * 2


def test_one_that_never_returns_is_left_behind(told, monkeypatch):
    monkeypatch.setattr(telling, "WAITED_S", 0.01)
    release, heard = threading.Event(), []
    told.add(lambda _: release.wait(10.0))
    told.add(heard.append)

    told.tell(["first"])
    told.tell(["second"])
    assert heard == []

    release.set()
    told.tell(["third"])
    for _ in range(100):
        told.tell([])
        if len(heard) == 3:
            break
        threading.Event().wait(0.01)
    assert heard == ["first", "second", "third"]


def test_a_callback_may_tell_more(told):
    heard = []

    def callback(each):
        heard.append(each)
        if each == "first":
            told.tell(["of its own"])

    told.add(callback)

    told.tell(["first"])

    assert heard == ["first", "of its own"]
