from __future__ import annotations

import copy
import functools
import inspect
import pickle

import pytest
import requests
from requests.adapters import HTTPAdapter

from agcod_guard.capture.requests import is_guarded

AGCOD_URL = "https://agcod-v2-eu.amazon.com/CreateGiftCard"
ORIGINAL = requests.Session.get_adapter


class WholeState(requests.Session):
    """A session whose copies and pickles take everything along."""

    def __getstate__(self):
        return {key: value for key, value in vars(self).items() if key != "cookies"}

    def __setstate__(self, state):
        vars(self).update(state)
        self.cookies = requests.cookies.RequestsCookieJar()


@pytest.fixture(autouse=True)
def the_class_is_left_as_it_was():
    yield
    assert requests.Session.get_adapter is ORIGINAL


def test_wrap_returns_the_same_session_and_unwrap_leaves_no_trace(guarded):
    session = requests.Session()
    before, adapters = dict(vars(session)), list(session.adapters.items())

    assert guarded.capture.wrap(session) is session
    assert list(session.adapters.items()) == adapters
    guarded.capture.unwrap(session)

    assert vars(session) == before


def test_wrapping_twice_records_once(agcod, guarded, session):
    guarded.capture.wrap(session).post(agcod.url(), timeout=2)
    guarded.capture.unwrap(session)

    assert len(guarded.calls) == 1
    assert "get_adapter" not in vars(session)


def test_unwrapping_what_was_never_wrapped_changes_nothing(guarded):
    session = requests.Session()
    before = dict(vars(session))

    guarded.capture.unwrap(session)

    assert vars(session) == before


def test_an_unwrapped_session_is_no_longer_recorded(agcod, guarded, session):
    guarded.capture.unwrap(session)

    session.post(agcod.url(), timeout=2)

    assert guarded.calls == []


def test_install_sees_module_level_calls_and_uninstall_restores(agcod, guarded):
    guarded.capture.install()
    guarded.capture.install()
    requests.post(agcod.url(), timeout=2)
    guarded.capture.uninstall()
    requests.post(agcod.url(), timeout=2)

    assert len(guarded.calls) == 1
    assert requests.Session.get_adapter is ORIGINAL


def test_wrap_and_install_together_record_once(agcod, guarded, session):
    guarded.capture.install()

    session.post(agcod.url(), timeout=2)

    assert len(guarded.calls) == 1


def test_dismount_undoes_everything(agcod, guarded, session):
    guarded.capture.install()

    guarded.capture.dismount()
    session.post(agcod.url(), timeout=2)

    assert guarded.calls == []
    assert requests.Session.get_adapter is ORIGINAL
    assert "get_adapter" not in vars(session)


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_two_guards_on_a_session_both_record_and_leave_in_any_order(
    agcod, guarded, another_guard, first_leaves_first
):
    guards = [guarded, another_guard]
    session = requests.Session()
    for guard in guards:
        guard.capture.wrap(session)
    answer = session.post(agcod.url(), timeout=2)
    assert "iter_content" not in vars(answer)

    leaving, staying = guards if first_leaves_first else guards[::-1]
    leaving.capture.unwrap(session)
    session.post(agcod.url(), timeout=2)
    staying.capture.unwrap(session)

    assert (len(leaving.calls), len(staying.calls)) == (1, 2)
    assert "get_adapter" not in vars(session)


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_two_installed_guards_both_record_and_leave_in_any_order(
    agcod, guarded, another_guard, first_leaves_first
):
    guards = [guarded, another_guard]
    for guard in guards:
        guard.capture.install()
    requests.post(agcod.url(), timeout=2)

    leaving, staying = guards if first_leaves_first else guards[::-1]
    leaving.capture.uninstall()
    requests.post(agcod.url(), timeout=2)
    staying.capture.uninstall()

    assert (len(leaving.calls), len(staying.calls)) == (1, 2)
    assert requests.Session.get_adapter is ORIGINAL


def test_a_get_adapter_of_the_sessions_own_is_asked_and_comes_back(agcod, guarded):
    session, own = requests.Session(), HTTPAdapter()
    asked = []

    def get_adapter(url):
        asked.append(url)
        return own

    session.get_adapter = get_adapter
    guarded.capture.wrap(session).post(agcod.url(), timeout=2)
    guarded.capture.unwrap(session)

    assert asked == [agcod.url()]
    assert len(guarded.calls) == 1
    assert vars(session)["get_adapter"] is get_adapter


def test_a_get_adapter_of_a_subclass_is_asked(agcod, guarded):
    class Ours(requests.Session):
        def get_adapter(self, url):
            self.asked = url
            return super().get_adapter(url)

    session = guarded.capture.wrap(Ours())
    guarded.capture.install()

    session.post(agcod.url(), timeout=2)

    assert session.asked == agcod.url()
    assert len(guarded.calls) == 1


def test_a_patch_of_the_class_made_later_is_honoured(guarded, session, monkeypatch):
    other = HTTPAdapter()
    monkeypatch.setattr(requests.Session, "get_adapter", lambda self, url: other)

    assert session.get_adapter(url=AGCOD_URL) == other
    assert session.get_adapter(url="https://example.invalid/") is other


def test_a_patch_that_is_no_function_is_called_as_python_would(session, monkeypatch):
    class Patch:
        def __call__(self, *args, **kwargs):
            return args, kwargs

    monkeypatch.setattr(requests.Session, "get_adapter", Patch())

    assert session.get_adapter(url="x:") == ((), {"url": "x:"})


def test_another_patch_above_ours_stays_when_we_leave(agcod, guarded):
    guarded.capture.install()
    ours = requests.Session.get_adapter

    @functools.wraps(ours)
    def theirs(self, *args, **kwargs):
        return ours(self, *args, **kwargs)

    requests.Session.get_adapter = theirs
    try:
        requests.post(agcod.url(), timeout=2)
        guarded.capture.uninstall()
        requests.post(agcod.url(), timeout=2)
        assert requests.Session.get_adapter is theirs
    finally:
        requests.Session.get_adapter = ORIGINAL

    assert len(guarded.calls) == 1


def test_an_adapter_mounted_later_is_guarded(guarded, session):
    own = HTTPAdapter()
    session.mount("https://agcod-v2-eu.amazon.com:443", own)

    adapter = session.get_adapter("https://agcod-v2-eu.amazon.com:443/CreateGiftCard")

    assert adapter == own
    assert is_guarded(adapter, guarded.recorder)


def test_get_adapter_looks_like_the_method_it_stands_for(guarded, session):
    bare = requests.Session()

    assert inspect.ismethod(session.get_adapter)
    assert session.get_adapter.__self__ is session
    assert inspect.signature(session.get_adapter) == inspect.signature(bare.get_adapter)
    assert session.get_adapter.__doc__ == bare.get_adapter.__doc__


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("class_", [requests.Session, WholeState])
def test_a_copy_of_a_wrapped_session_works(agcod, guarded, class_, make):
    session = guarded.capture.wrap(class_())

    copied = make(session)
    del session

    assert copied.post(agcod.url(), timeout=2).ok
    guarded.capture.wrap(copied).post(agcod.url(), timeout=2)
    guarded.capture.unwrap(copied)
    assert copied.post(agcod.url(), timeout=2).ok


def test_a_copy_that_was_wrapped_stays_so_without_the_original(agcod, guarded):
    session = guarded.capture.wrap(WholeState())
    copied = guarded.capture.wrap(copy.copy(session))

    guarded.capture.unwrap(session)
    copied.post(agcod.url(), timeout=2)

    assert len(guarded.calls) == 1


@pytest.mark.parametrize("class_", [requests.Session, WholeState])
def test_a_pickled_session_comes_back_without_the_guard(agcod, guarded, class_):
    session = guarded.capture.wrap(class_())

    loaded = pickle.loads(pickle.dumps(session))
    loaded.post(agcod.url(), timeout=2)

    assert type(loaded.get_adapter(AGCOD_URL)) is HTTPAdapter
    assert guarded.calls == []
