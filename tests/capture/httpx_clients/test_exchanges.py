"""What a caller of httpx sees is what it sees without the guard."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import httpx
import pytest

from agcod_guard.call import Outcome

ORDER = {
    "creationRequestId": "Acmes0001",
    "partnerId": "Acmes",
    "value": {"currencyCode": "GBP", "amount": 10},
}
MANNERS = {
    "success": Outcome.SUCCESS,
    "fault": Outcome.FAULT,
    "empty": Outcome.FAULT,
    "none": Outcome.FAULT,
    "gzip": Outcome.SUCCESS,
    "badgzip": Outcome.NO_ANSWER,
    "cookie": Outcome.SUCCESS,
    "large": Outcome.SUCCESS,
    "denied": Outcome.DENIED,
    "chunked": Outcome.SUCCESS,
    "broken": Outcome.NO_ANSWER,
    "cut": Outcome.NO_ANSWER,
    "reset": Outcome.NO_ANSWER,
}


class SigV4Like(httpx.Auth):
    """Signs the body and the headers, as Amazon's clients do."""

    requires_request_body = True

    def auth_flow(self, request):
        request.headers["x-amz-date"] = "20261122T111505Z"
        signed = repr(sorted(request.headers.raw)).encode() + request.content
        request.headers["Authorization"] = hashlib.sha256(signed).hexdigest()
        yield request


class AskedTwice(httpx.Auth):
    """Asks again with a token, whatever the first answer was."""

    def auth_flow(self, request):
        yield request
        request.headers["Authorization"] = "token"
        yield request


@pytest.mark.parametrize(("manner", "outcome"), MANNERS.items())
def test_an_exchange_looks_the_same_and_is_recorded(
    both_ways, kind, agcod, guarded, manner, outcome
):
    bare, seen = both_ways(lambda c: kind.do(c.post, agcod.url(manner), json=ORDER))

    assert seen == bare
    assert len(guarded.journal.begins) == len(guarded.journal.ends) == 1
    assert guarded.calls[0].outcome is outcome


def test_what_is_recorded_of_an_order_is_its_facts(kind, agcod, guarded, client):
    kind.do(client.post, agcod.url("fault"), json=ORDER)

    (call,) = guarded.calls
    assert (call.partner_id, call.request_id) == ("Acmes", "Acmes0001")
    assert (str(call.amount), call.currency) == ("10", "GBP")
    assert (call.error, call.status, call.marked) == ("F500 GeneralError", 500, True)
    assert (call.operation, str(call.endpoint)) == ("CreateGiftCard", "eu-loopback")
    assert (call.attempts, call.probe) == (1, False)
    assert guarded.journal.begins[0].call_id == guarded.journal.ends[0].call_id


def test_a_signed_request_reaches_the_wire_as_it_was_signed(both_ways, kind, agcod):
    bare, seen = both_ways(
        lambda c: kind.do(c.post, agcod.url(), content=b'{"a": 1 }', auth=SigV4Like())
    )

    assert seen == bare
    assert len(seen[2]) == 1


@pytest.mark.parametrize(
    "body",
    [
        lambda kind: {"content": kind.body_in(b'{"partnerId":', b'"Acmes"}')},
        lambda kind: {"content": '{"partnerId":"Ac\u00e9mes"}'},
        lambda kind: {"data": {"partnerId": "Acmes"}},
        lambda kind: {"content": b""},
        lambda kind: {},
    ],
    ids=["generator", "text", "form", "empty", "none"],
)
def test_a_body_of_any_kind_is_sent_as_without_the_guard(
    both_ways, kind, agcod, guarded, body
):
    bare, seen = both_ways(lambda c: kind.do(c.post, agcod.url(), **body(kind)))

    assert seen == bare
    assert len(guarded.calls) == 1


def test_a_file_is_read_by_nobody_but_the_transport(both_ways, agcod, kind):
    def exchange(client):
        file = io.BytesIO(b'{"partnerId":"Acmes"}')
        files = {"order": ("order.json", file)}
        headers = {"Content-Type": "multipart/form-data; boundary=here"}
        answer = kind.do(client.post, agcod.url(), files=files, headers=headers)
        return answer.status_code, file.tell()

    bare, seen = both_ways(exchange)

    assert seen == bare


def test_of_a_generated_body_nothing_is_known(kind, agcod, guarded, client):
    kind.do(client.post, agcod.url(), content=kind.body_in(b'{"partnerId":"Other"}'))

    assert guarded.journal.begins[0].request_id is None
    assert guarded.calls[0].partner_id == "Acmes"
    assert agcod.received[0].body == b'{"partnerId":"Other"}'


def test_a_redirect_is_two_calls_and_one_history(both_ways, kind, agcod, guarded):
    bare, seen = both_ways(
        lambda c: kind.do(c.post, agcod.url("redirect"), json=ORDER),
        follow_redirects=True,
    )

    assert seen == bare
    assert [call.status for call in guarded.calls] == [307, 200]
    assert guarded.calls[0].request_id == guarded.calls[1].request_id == "Acmes0001"


def test_a_redirect_that_is_not_followed_keeps_its_next_request(both_ways, kind, agcod):
    bare, seen = both_ways(lambda c: kind.do(c.post, agcod.url("redirect")))

    assert seen == bare
    assert seen[0]["next"]


def test_a_redirect_loop_ends_as_without_the_guard(both_ways, kind, agcod, guarded):
    bare, seen = both_ways(
        lambda c: kind.do(c.post, agcod.url("loop")),
        follow_redirects=True,
        max_redirects=2,
    )

    assert seen == bare
    assert seen[0]["type"] is httpx.TooManyRedirects
    assert len(guarded.calls) == 3


def test_each_step_of_an_authentication_is_a_call(both_ways, kind, agcod, guarded):
    bare, seen = both_ways(
        lambda c: kind.do(c.post, agcod.url("fault"), json=ORDER, auth=AskedTwice())
    )

    assert seen == bare
    assert [call.outcome for call in guarded.calls] == [Outcome.FAULT] * 2


def test_connections_are_kept_alive_as_without_the_guard(both_ways, kind, agcod):
    bare, seen = both_ways(
        lambda c: [kind.do(c.post, agcod.url()).status_code for _ in range(3)]
    )

    assert seen == bare
    assert seen[-1] == 1


def test_elapsed_holds_the_time_of_the_body_as_without_the_guard(
    kind, agcod, guarded, client
):
    answer = kind.do(client.post, agcod.url("stall"))

    assert answer.elapsed > timedelta(seconds=0.25)
    assert guarded.calls[0].duration_s >= 0.3


@pytest.mark.parametrize("manner", ["stall", "hang"])
def test_a_timeout_is_the_one_without_the_guard(
    both_ways, kind, agcod, guarded, manner
):
    bare, seen = both_ways(lambda c: kind.do(c.post, agcod.url(manner), timeout=0.05))

    assert seen == bare
    assert seen[0]["type"] is httpx.ReadTimeout
    assert guarded.calls[0].exception == "ReadTimeout"
    assert guarded.calls[0].outcome is Outcome.NO_ANSWER


def test_a_refused_connection_is_recorded(both_ways, kind, guarded):
    url = "http://127.0.0.1:1/CreateGiftCard"

    bare, seen = both_ways(lambda c: kind.do(c.post, url))

    assert seen == bare
    assert guarded.calls[0].exception == "ConnectError"
    assert guarded.calls[0].outcome is Outcome.NO_ANSWER


def test_a_proxy_is_used_as_without_the_guard_and_its_password_is_not_kept(
    both_ways, kind, agcod, guarded
):
    at = agcod.url().split("/")[2]

    bare, seen = both_ways(
        lambda c: kind.do(c.post, "http://agcod.example.invalid/CreateGiftCard"),
        proxy=f"http://someone:secret@{at}",
    )

    assert seen == bare
    assert seen[2][0]["line"].startswith("POST http://agcod.example.invalid/")
    assert [end.via for end in guarded.journal.ends] == [at]


def test_a_hook_gets_the_answer_before_its_body_is_read(both_ways, kind, agcod):
    got = []

    def note(answer):
        got.append((answer.is_stream_consumed, answer.is_closed, sorted(vars(answer))))

    async def anote(answer):
        note(answer)

    hooks = {"response": [note if kind.client is httpx.Client else anote]}
    bare, seen = both_ways(lambda c: kind.do(c.post, agcod.url()), event_hooks=hooks)

    assert seen == bare
    assert got[0] == got[1]


def test_a_hook_that_raises_leaves_an_answer_judged_by_its_status(
    both_ways, kind, agcod, guarded
):
    def refuse(answer):
        answer.raise_for_status()

    async def arefuse(answer):
        refuse(answer)

    hooks = {"response": [refuse if kind.client is httpx.Client else arefuse]}
    bare, seen = both_ways(
        lambda c: kind.do(c.post, agcod.url("fault")), event_hooks=hooks
    )

    assert seen == bare
    assert seen[0]["type"] is httpx.HTTPStatusError
    assert [call.error for call in guarded.calls] == ["HTTP 500"]


def test_raise_for_status_leaves_the_answer_that_was_read(both_ways, kind, agcod):
    def exchange(client):
        try:
            kind.do(client.post, agcod.url("fault")).raise_for_status()
        except httpx.HTTPStatusError as error:
            return error.response.json(), str(error)

    bare, seen = both_ways(exchange)

    assert seen == bare


def test_a_call_without_a_timeout_is_told_of_once(kind, agcod, guarded, client):
    kind.do(client.post, agcod.url(), timeout=httpx.Timeout(None, write=1))
    kind.do(client.post, agcod.url(), timeout=None)
    assert guarded.observer.without_timeout == ["CreateGiftCard"]


def test_a_call_with_a_timeout_is_not_told_of(kind, agcod, guarded, client):
    kind.do(client.post, agcod.url())
    kind.do(client.post, agcod.url(), timeout=httpx.Timeout(None, read=1))

    assert guarded.observer.without_timeout == []
