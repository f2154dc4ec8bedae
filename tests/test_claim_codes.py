"""A claim code in every odd place of an exchange: nothing of it is kept or told.

One outage is played in which each failing order hides a code of its own, so that
a leak names the place and the disguise.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from urllib.parse import quote

import pytest
import requests
import responses
from partner import EU, START_S, guarded

from agcod_guard import Call, Endpoint, Outcome
from agcod_guard.clock import ManualClock

DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "lower": str.lower,
    "spaces": lambda code: code.replace("-", " "),
    "en dashes": lambda code: code.replace("-", "\u2013"),
    "wrapped": lambda code: code.replace("-", "-\n"),
    "full width": lambda code: code.replace("A", "\uff21"),
    "percent": lambda code: "".join(f"%{ord(each):02X}" for each in code),
    "entities": lambda code: "".join(f"&#{ord(each)};" for each in code),
    "hex": lambda code: code.encode().hex(),
    "base64": lambda code: base64.b64encode(code.encode()).decode(),
    "base64, bare": lambda code: base64.b64encode(code.encode()).decode().rstrip("="),
}
LOOSE = {"lower", "spaces"}
"""Shapes that an honest value may have, too: Amazon's own facts keep them."""
FACTS = {
    "request id",
    "partner id",
    "card number",
}

ASKED: dict[str, Callable[[str], dict[str, object]]] = {
    "request id": lambda said: {"creationRequestId": said},
    "partner id": lambda said: {"partnerId": said},
    "reference": lambda said: {"externalReference": said},
    "currency": lambda said: {"value": {"amount": 25, "currencyCode": said}},
    "amount": lambda said: {"value": {"amount": said, "currencyCode": "GBP"}},
    "card number": lambda said: {"cardNumber": said},
    "unknown field": lambda said: {"deep": [{"deeper": said}]},
}
ANSWERED: dict[str, Callable[[str], dict[str, object]]] = {
    "message": lambda said: {"json": {"errorCode": "F500", "message": said}},
    "error type": lambda said: {"json": {"errorCode": "F500", "errorType": said}},
    "error code": lambda said: {"json": {"errorCode": said}},
    "claim code": lambda said: {"json": {"gcClaimCode": said, "status": "FAILURE"}},
    "deep": lambda said: {"json": {"a": [{"b": {"c": f"so {said}."}}]}},
    "xml": lambda said: {"body": f"<E a='{html.escape(said)}'><b>{said}</b></E>"},
    "page": lambda said: {"body": f"<html><title>{said}</title>{said}</html>"},
    "cut short": lambda said: {"body": json.dumps({"message": said})[:-2]},
    "gzip": lambda said: {"body": gzip.compress(json.dumps({"m": said}).encode())},
    "utf-16": lambda said: {"body": json.dumps({"message": said}).encode("utf-16")},
    "exception": lambda said: {"body": requests.ConnectionError(f"lost {said}")},
}
ASKED_HEADERS = ["x-note", "User-Agent", "x-amz-target", "Authorization", "Cookie"]
ANSWERED_HEADERS = ["x-amzn-RequestId", "x-amzn-ErrorType", "Set-Cookie", "Server"]


NO_HEADER = {"wrapped", "en dashes", "full width"}
"""Disguises that a header cannot carry."""


class Hiding:
    """Sends orders that fail, each with a claim code of its own in some place."""

    def __init__(self, partner):
        self.partner, self.codes = partner, {}

    def code(self, *where):
        """Return a code that no other place has, remembered by its place."""
        number = len(self.codes)
        code = f"A7QW-K{number:03}PX-M4RT"
        said = DISGUISES[where[-1]](code)
        self.codes[where] = {code, code.lower(), code.replace("-", ""), said}
        return said

    def order(self, *, url=EU, headers=(), asked=(), adding=(), **answer):
        """Send one order that fails, and let a second pass."""
        number = len(self.codes)
        value = {"amount": 25, "currencyCode": "GBP"}
        body = {"partnerId": "Acmes", "creationRequestId": f"Acmes{number}"}
        with responses.RequestsMock() as agcod:
            agcod.post(
                url.partition("?")[0], status=500, headers=dict(adding), **answer
            )
            with suppress(requests.RequestException):
                self.partner.session.post(
                    url,
                    json=body | {"value": value} | dict(asked),
                    headers=dict(headers),
                    timeout=6,
                )
        self.partner.clock.advance(1.0)
        self.partner.look()

    def everywhere(self):
        """Send an order for each place and disguise."""
        for (place, asked), disguise in product(ASKED.items(), DISGUISES):
            if not (place in FACTS and disguise in LOOSE):
                self.order(asked=asked(self.code(place, disguise)))
        for (place, answer), disguise in product(ANSWERED.items(), DISGUISES):
            if not (place in FACTS and disguise in LOOSE):
                self.order(**answer(self.code(place, disguise)))
        for disguise in DISGUISES:
            self.order(url=f"{EU}?a={quote(self.code('query', disguise))}")
            self.order(url=EU[:-14] + quote(self.code("path", disguise), safe=""))
        self.in_headers()

    def in_headers(self):
        """Send an order for each header and each disguise that one can carry."""
        for name, disguise in product(ASKED_HEADERS, DISGUISES):
            if disguise not in NO_HEADER:
                self.order(headers={name: self.code("asked", name, disguise)})
        for name, disguise in product(ANSWERED_HEADERS, DISGUISES):
            if disguise not in NO_HEADER:
                said = self.code("answered", name, disguise)
                self.order(json={"errorCode": "F500"}, adding={name: said})

    def tell(self):
        """Put codes where a partner's own words go."""
        for disguise in DISGUISES:
            self.partner.guard.note_change(f"sold {self.code('change', disguise)}")
            said = self.code("record", disguise)
            self.partner.guard.record(
                Call(
                    endpoint=Endpoint("eu"),
                    operation=said,
                    outcome=Outcome.FAULT,
                    started_at_s=self.partner.clock.wall_s(),
                    duration_s=0.1,
                    message=said,
                    error_type=said,
                    exception=said,
                )
            )

    def leaks(self, kept):
        """Return the places whose code is in one of the texts kept."""
        return [
            (where, name)
            for where, forms in self.codes.items()
            for name, octets in kept.items()
            if any(
                form.encode() in octets or json.dumps(form)[1:-1].encode() in octets
                for form in forms
            )
        ]


@pytest.fixture
def partner(tmp_path):
    # Every failing exchange is sampled, not one a minute.
    policy = {"sample_every_s": 0.5}
    partner = guarded(tmp_path, ManualClock(START_S), policy=policy)
    yield partner
    partner.guard.close()


def test_a_claim_code_in_any_odd_place_is_kept_and_told_nowhere(
    tmp_path, partner, caplog
):
    caplog.set_level(logging.DEBUG, "agcod_guard")
    told = []
    partner.guard.on_transition(lambda each: told.append(repr(each)))
    hiding = Hiding(partner)

    hiding.everywhere()
    hiding.tell()
    partner.guard.flush()

    kept = {
        str(path.relative_to(tmp_path)): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert any(name.endswith("sample-request.txt") for name in kept)
    kept["status"] = repr(partner.guard.status()).encode()
    kept["log"] = caplog.text.encode()
    kept["callbacks"] = "\n".join(told).encode()
    assert hiding.leaks(kept) == []
