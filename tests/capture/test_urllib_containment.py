"""Whatever fails in the guard, the caller of urllib gets what it gets without it."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request

import pytest
from doubles import ListJournal, ListObserver

from agcod_guard import recorder
from agcod_guard.capture import answer_body, urllib_body, urllib_hook
from agcod_guard.capture import urllib as capture

COLLABORATORS = [
    (ListJournal, "append"),
    (ListObserver, "call_ended"),
    (ListObserver, "call_without_timeout"),
    (capture, "endpoint_of"),
    (capture.UrllibCapture, "_has_handler"),
    (capture, "_sent_headers"),
    (capture, "_may_wait_for_ever"),
    (capture, "Sight"),
    (urllib_hook, "watch_body"),
    (urllib_hook, "AnswerBody"),
    (urllib_body, "_is_over"),
    (urllib_body, "_is_last"),
    (urllib_body, "_watched"),
    (urllib_body, "_fills"),
    (urllib_body, "arrived"),
    (answer_body, "kept_part"),
    (recorder.Recorder, "begin"),
    (recorder.Recorder, "answered"),
    (recorder.Recorder, "await_body"),
    (recorder.Recorder, "reading"),
    (recorder.Recorder, "left_unread"),
    (recorder.Recorder, "end"),
    (recorder.Recorder, "sent_without_timeout"),
]
NAMES = [f"{owner.__name__}.{name}" for owner, name in COLLABORATORS]
MANNERS = ["success", "fault", "broken", "chunked", "cut", "reset"]


class Trouble(Exception):
    """Ours."""


def broken(*args, **kwargs):
    raise Trouble


def exchanged(agcod, opener):
    """Return what a caller sees of a series of exchanges."""
    seen = []
    for manner in MANNERS:
        try:
            with opener.open(agcod.url(manner), b"{}") as answer:
                seen += [answer.status, answer.read(9), answer.read()]
            seen.append((type(answer), sorted(vars(answer))))
        except urllib.error.HTTPError as error:
            seen += [error.code, error.read(), type(error.fp)]
        except (OSError, http.client.HTTPException) as error:
            seen.append((type(error), type(error.__context__)))
    opener.open(agcod.url(), b"{}").close()
    return seen


@pytest.mark.parametrize("part", COLLABORATORS, ids=NAMES)
def test_an_error_in_any_part_of_the_guard_does_not_reach_the_caller(
    agcod, guarded, monkeypatch, swallowed, part
):
    bare = exchanged(agcod, urllib.request.build_opener())
    urllib_body._watched.cache_clear()
    monkeypatch.setattr(*part, broken)

    opener = guarded.urllib.wrap(urllib.request.build_opener())
    seen = exchanged(agcod, opener)
    guarded.recorder.sweep()

    assert seen == bare
    assert {type(error) for _, error in swallowed} == {Trouble}
    assert {type(error) for _, error in guarded.observer.errors} == {Trouble}


def test_a_response_that_keeps_its_class_ends_the_call_by_its_status(
    agcod, guarded, opener, monkeypatch, swallowed
):
    monkeypatch.setattr(urllib_body, "_SET_CLASS", broken)

    answer = opener.open(agcod.url(), b"{}", timeout=2)

    assert "_agcod_tee" not in vars(answer)
    assert answer.read().startswith(b'{"status":"SUCCESS"')
    assert [call.status for call in guarded.calls] == [200]
    assert swallowed


def test_an_interrupt_within_the_guard_is_not_contained(agcod, opener, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(ListJournal, "append", interrupted)

    with pytest.raises(KeyboardInterrupt):
        opener.open(agcod.url(), b"{}", timeout=2)
