from __future__ import annotations

import copy
import gc
import http.client
import inspect
import urllib.request
from urllib.request import AbstractHTTPHandler

import pytest

from agcod_guard.call import Outcome
from agcod_guard.errors import ChangedRequestIdError

ORIGINAL = AbstractHTTPHandler.do_open


@pytest.fixture(autouse=True)
def the_class_is_left_as_it_was():
    yield
    assert vars(AbstractHTTPHandler)["do_open"] is ORIGINAL


@pytest.fixture
def order(agcod):
    def ordered(opener=urllib.request):
        send = getattr(opener, "urlopen", None) or opener.open
        return send(agcod.url(), b"{}", timeout=2).read()

    return ordered


def test_wrap_returns_the_same_opener_and_unwrap_leaves_no_trace(guarded):
    opener = urllib.request.build_opener()
    before = [dict(vars(each)) for each in (opener, *opener.handlers)]

    assert guarded.urllib.wrap(opener) is opener
    assert guarded.urllib.has_mounted(opener)
    assert [vars(each) for each in (opener, *opener.handlers)] == before
    guarded.urllib.unwrap(opener)

    assert not guarded.urllib.has_mounted(opener)
    assert AbstractHTTPHandler.do_open is ORIGINAL


def test_wrapping_twice_records_once(guarded, opener, order):
    order(guarded.urllib.wrap(opener))
    guarded.urllib.unwrap(opener)
    order(opener)

    assert len(guarded.calls) == 1


def test_only_the_wrapped_opener_is_seen(guarded, opener, order):
    order(urllib.request.build_opener())
    order()

    assert guarded.calls == []


def test_unwrapping_one_opener_leaves_another_wrapped(guarded, opener, order):
    guarded.urllib.unwrap(guarded.urllib.wrap(urllib.request.build_opener()))
    guarded.urllib.unwrap(urllib.request.build_opener())

    order(opener)

    assert len(guarded.calls) == 1


def test_a_handler_added_later_and_one_in_two_openers_are_seen(guarded, order):
    shared = urllib.request.HTTPHandler()
    opener = guarded.urllib.wrap(urllib.request.OpenerDirector())
    opener.add_handler(shared)
    urllib.request.build_opener(shared)

    order(opener)

    assert len(guarded.calls) == 1


def test_install_sees_urlopen_and_uninstall_restores(guarded, order):
    guarded.urllib.install()
    guarded.urllib.install()
    order()
    guarded.urllib.uninstall()
    order()

    assert len(guarded.calls) == 1


def test_install_sees_the_opener_that_urllib_was_given(guarded, order, monkeypatch):
    monkeypatch.setattr(urllib.request, "_opener", None)
    urllib.request.install_opener(urllib.request.build_opener())
    guarded.urllib.install()

    order()

    assert len(guarded.calls) == 1


def test_wrap_and_install_together_record_once(guarded, opener, order):
    guarded.urllib.install()
    order(opener)
    guarded.urllib.uninstall()
    order(opener)
    order()

    assert len(guarded.calls) == 2


def test_dismount_undoes_everything(guarded, opener, order):
    guarded.urllib.install()

    guarded.urllib.dismount()
    order(opener)

    assert guarded.calls == []
    assert not guarded.urllib.has_mounted(opener)
    assert AbstractHTTPHandler.do_open is ORIGINAL


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_two_guards_both_record_and_leave_in_any_order(
    guarded, another_guard, order, first_leaves_first
):
    guards = [guarded, another_guard]
    for guard in guards:
        guard.urllib.install()
    order()

    leaving, staying = guards if first_leaves_first else guards[::-1]
    leaving.urllib.uninstall()
    order()
    staying.urllib.uninstall()

    assert (len(leaving.calls), len(staying.calls)) == (1, 2)


def test_an_opener_that_is_gone_keeps_nobody_in_place(guarded, opener, order):
    guarded.urllib.wrap(urllib.request.build_opener())
    gc.collect()

    order(opener)
    guarded.urllib.unwrap(opener)

    assert len(guarded.calls) == 1
    assert AbstractHTTPHandler.do_open is ORIGINAL


def test_a_copy_of_a_wrapped_opener_is_not_wrapped(guarded, opener):
    assert not guarded.urllib.has_mounted(copy.copy(opener))


def traced(sent):
    """Return a stand-in for do_open that another tool might put on top."""
    beneath = AbstractHTTPHandler.do_open

    def do_open(self, *args, **kwargs):
        sent.append(self)
        return beneath(self, *args, **kwargs)

    return do_open


def test_another_patch_above_ours_stays_when_we_leave(guarded, order):
    guarded.urllib.install()
    sent = []
    theirs = traced(sent)
    AbstractHTTPHandler.do_open = theirs
    try:
        order()
        guarded.urllib.uninstall()
        order()
        assert AbstractHTTPHandler.do_open is theirs
    finally:
        AbstractHTTPHandler.do_open = ORIGINAL

    assert len(sent) == 2
    assert len(guarded.calls) == 1


def test_install_again_above_another_patch_records_once(guarded, order):
    guarded.urllib.install()
    sent = []
    theirs = AbstractHTTPHandler.do_open = traced(sent)
    try:
        guarded.urllib.install()
        order()
        guarded.urllib.uninstall()
        order()
        assert AbstractHTTPHandler.do_open is theirs
    finally:
        AbstractHTTPHandler.do_open = ORIGINAL

    assert len(sent) == 2
    assert len(guarded.journal.begins) == len(guarded.calls) == 1


def test_install_again_mends_what_another_tool_has_thrown_out(guarded, order):
    guarded.urllib.install()
    AbstractHTTPHandler.do_open = ORIGINAL

    order()
    guarded.urllib.install()
    order()
    guarded.urllib.uninstall()

    assert len(guarded.calls) == 1


def test_a_patch_that_is_no_function_is_called_as_python_would(guarded, agcod):
    class Patch:
        def __call__(self, *args, **kwargs):
            return args, kwargs

    patch = AbstractHTTPHandler.do_open = Patch()
    try:
        guarded.urllib.install()
        handler = urllib.request.HTTPHandler()
        request = urllib.request.Request(agcod.url())
        assert handler.do_open("class", req=request) == (("class",), {"req": request})
        guarded.urllib.uninstall()
        assert AbstractHTTPHandler.do_open is patch
    finally:
        AbstractHTTPHandler.do_open = ORIGINAL

    assert [call.status for call in guarded.calls] == [None]


def test_do_open_looks_like_the_method_it_stands_for(guarded):
    guarded.urllib.install()

    assert inspect.isfunction(AbstractHTTPHandler.do_open)
    assert inspect.signature(AbstractHTTPHandler.do_open) == inspect.signature(ORIGINAL)
    assert AbstractHTTPHandler.do_open.__doc__ == ORIGINAL.__doc__
    assert AbstractHTTPHandler.do_open.__qualname__ == ORIGINAL.__qualname__


def test_a_handler_that_sends_twice_is_two_calls(agcod, guarded):
    class Stubborn(urllib.request.HTTPHandler):
        def do_open(self, *args, **kwargs):
            super().do_open(*args, **kwargs).close()
            return super().do_open(*args, **kwargs)

    opener = guarded.urllib.wrap(urllib.request.build_opener(Stubborn))

    opener.open(agcod.url(), b"{}", timeout=2).read()
    guarded.recorder.sweep()

    assert len(guarded.calls) == len(agcod.received) == 2


def test_an_answer_that_a_handler_got_by_urlopen_ends_both_calls(agcod, guarded):
    class Relayed(http.client.HTTPConnection):
        def request(self, *args, **kwargs):
            pass

        def getresponse(self):
            return urllib.request.urlopen(agcod.url(), b"{}", timeout=2)

    class Relay(urllib.request.HTTPHandler):
        def http_open(self, request):
            return self.do_open(Relayed, request)

    guarded.urllib.install()
    opener = urllib.request.build_opener(Relay)

    answer = opener.open("http://agcod.example.invalid/CreateGiftCard", b"{}")

    assert answer.read().startswith(b'{"status":"SUCCESS"')
    assert type(answer) is http.client.HTTPResponse
    assert [call.outcome for call in guarded.calls] == [Outcome.SUCCESS] * 2


def test_a_guard_that_refuses_an_exchange_closes_it_for_the_others(
    guarded, another_guard, order, monkeypatch
):
    refused = ChangedRequestIdError(
        "CreateGiftCard", request_id="Acmes1", refused="Acmes2"
    )

    def refuse(*args):
        raise refused

    guarded.urllib.install()
    another_guard.urllib.install()
    monkeypatch.setattr(another_guard.urllib, "_begun", refuse)

    with pytest.raises(ChangedRequestIdError) as caught:
        order()

    assert caught.value is refused
    assert [call.outcome for call in guarded.calls] == [Outcome.ABANDONED]
