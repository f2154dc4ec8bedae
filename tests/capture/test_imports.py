"""A library is waited for, never imported, and looks as without the waiting."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from importlib.machinery import SourceFileLoader

import pytest

from agcod_guard.capture.imports import Awaited

NAME = "agcod_guard_awaited_here"


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Return the file of a library that nobody has imported yet."""
    file = tmp_path / f"{NAME}.py"
    file.write_text("complete = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield file
    sys.modules.pop(NAME, None)


class Waiting(Awaited):
    """Notes what state the library was in each time it was told of."""

    def __init__(self):
        self.seen, self.errors = [], []
        super().__init__(NAME, self._note, lambda *told: self.errors.append(told))

    def _note(self):
        self.seen.append(vars(sys.modules[NAME]).get("complete"))


@pytest.fixture
def awaited():
    before = [*sys.meta_path]
    made = Waiting()
    yield made
    made.give_up()
    assert sys.meta_path == before


def test_it_acts_when_the_library_is_there_whole(library, awaited):
    awaited.wait()
    assert awaited.seen == []

    importlib.import_module(NAME)

    assert awaited.seen == [True]
    assert awaited not in sys.meta_path


def test_it_acts_at_once_if_the_library_is_there_already(library, awaited):
    importlib.import_module(NAME)

    awaited.wait()

    assert awaited.seen == [True]


def test_the_module_looks_as_it_does_without_the_waiting(library, awaited):
    awaited.wait()

    module = importlib.import_module(NAME)

    assert type(module.__loader__) is SourceFileLoader
    assert module.__loader__ is module.__spec__.loader
    assert "exec_module" not in vars(module.__loader__)
    assert module.__file__ == str(library)


def test_a_question_whether_the_library_is_there_is_no_import(library, awaited):
    awaited.wait()

    assert importlib.util.find_spec(NAME).origin == str(library)
    assert awaited.seen == []
    importlib.import_module(NAME)

    assert awaited.seen == [True]


def test_a_library_that_is_not_installed_is_missing_as_without_us(awaited):
    awaited.wait()

    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(NAME)

    assert (awaited.seen, awaited.errors) == ([], [])


def test_an_import_that_fails_fails_as_without_us_and_is_waited_for_on(
    library, awaited
):
    library.write_text("raise OSError('broken')")
    awaited.wait()

    with pytest.raises(OSError, match="broken"):
        importlib.import_module(NAME)
    assert awaited.seen == []
    library.write_text("complete = 'at the second attempt'\n")
    importlib.import_module(NAME)

    assert awaited.seen == ["at the second attempt"]


def test_two_that_wait_for_one_library_are_both_told(library, awaited):
    other = Waiting()
    awaited.wait()
    other.wait()

    module = importlib.import_module(NAME)

    assert awaited.seen == other.seen == [True]
    assert "exec_module" not in vars(module.__loader__)


def test_who_has_given_up_is_not_told(library, awaited):
    awaited.wait()
    awaited.give_up()

    importlib.import_module(NAME)

    assert awaited.seen == []


def test_who_gives_up_between_finding_and_running_is_not_told(library, awaited):
    awaited.wait()
    spec = importlib.util.find_spec(NAME)
    awaited.give_up()

    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert module.complete
    assert (awaited.seen, awaited.errors) == ([], [])


def test_an_error_of_ours_does_not_break_the_import(library, awaited):
    def broken():
        raise KeyError("ours")

    waiting = Awaited(NAME, broken, lambda *told: awaited.errors.append(told))
    waiting.wait()

    assert importlib.import_module(NAME).complete
    ((stage, error),) = awaited.errors
    assert (stage, type(error)) == ("capture.import", KeyError)


def test_a_loader_that_cannot_be_prepared_loads_all_the_same(awaited, monkeypatch):
    class Slotted:
        __slots__ = ()

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            module.complete = True

    class Finder:
        @staticmethod
        def find_spec(name, path, target=None):
            spec = importlib.util.spec_from_loader(name, Slotted())
            return spec if name == NAME else None

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder, object()])
    awaited.wait()
    assert importlib.import_module(NAME).complete
    del sys.modules[NAME]
    awaited.give_up()

    assert [stage for stage, _ in awaited.errors] == ["capture.import"]


def test_threads_that_import_at_once_tell_it_once(library, awaited):
    awaited.wait()
    start = threading.Barrier(8)

    def bring():
        start.wait()
        importlib.import_module(NAME)

    threads = [threading.Thread(target=bring) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert awaited.seen == [True]
