"""What a program sends and gets, written down as other programs write it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import responses
from partner import EU, Partner

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIAFAKEFAKEFAKEFAKE/20261122/eu-west-1/AGCODService"
    "/aws4_request, SignedHeaders=accept;host, Signature=" + "0f" * 32
)
TOOK_S = 0.25


@dataclass(kw_only=True)
class Sent:
    """One exchange as the program's own client saw it."""

    started_at_s: float
    duration_s: float
    url: str
    headers: dict[str, str]
    body: str
    status: int | None = None
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer_body: str = ""
    error: str | None = None


def order(
    partner: Partner, answer: Any, number: int, *, url: str = EU, body: str = ""
) -> Sent:
    """Send an order through the guarded session; return what went over the wire."""
    sent = Sent(
        started_at_s=partner.clock.wall_s(),
        duration_s=TOOK_S,
        url=url,
        headers={"x-amz-date": "20261122T111505Z", "Authorization": AUTHORIZATION},
        body=body
        or json.dumps({"partnerId": "Acmes", "creationRequestId": f"Acmes{number:06}"}),
    )
    with responses.RequestsMock() as agcod:
        agcod.add_callback("POST", url, callback=_answering(partner, answer, sent))
        with suppress(requests.RequestException):
            partner.session.post(url, data=sent.body, headers=sent.headers, timeout=6)
    return sent


def _answering(partner: Partner, answer: Any, sent: Sent) -> Callable[..., Any]:
    def callback(request: Any) -> Any:
        partner.clock.advance(TOOK_S)
        if isinstance(answer, Exception):
            sent.error = f"{type(answer).__name__}: {answer}"
            return 0, {}, answer
        sent.status = 200 if answer.get("status") == "SUCCESS" else 500
        sent.answer_headers = {"x-amzn-RequestId": "1111-2222"}
        sent.answer_body = json.dumps(answer)
        return sent.status, sent.answer_headers, sent.answer_body

    return callback


def line_of(sent: Sent, **changes: Any) -> str:
    """Return the line of NDJSON that a program would log."""
    line = {
        "v": 1,
        "started_at": sent.started_at_s,
        "duration_s": sent.duration_s,
        "method": "POST",
        "url": sent.url,
        "request_headers": sent.headers,
        "request_body": sent.body,
        "status": sent.status,
        "response_headers": sent.answer_headers,
        "response_body": sent.answer_body if sent.status else None,
        "error": sent.error,
    }
    return json.dumps(line | changes)


def entry_of(sent: Sent) -> dict[str, Any]:
    """Return the entry that a proxy would write."""
    at = datetime.fromtimestamp(sent.started_at_s, UTC)
    return {
        "startedDateTime": at.isoformat(timespec="milliseconds"),
        "time": sent.duration_s * 1000,
        "request": {
            "method": "POST",
            "url": sent.url,
            "headers": _pairs(sent.headers),
            "postData": {"mimeType": "application/json", "text": sent.body},
        },
        "response": {
            "status": sent.status or 0,
            "headers": _pairs(sent.answer_headers),
            "content": {
                "size": len(sent.answer_body),
                "mimeType": "application/json",
                "text": base64.b64encode(sent.answer_body.encode()).decode(),
                "encoding": "base64",
            },
            "_error": sent.error,
        },
    }


def write_ndjson(path: Path, exchanges: Iterable[Sent], **changes: Any) -> Path:
    """Write a log of raw lines."""
    path.write_text("".join(f"{line_of(each, **changes)}\n" for each in exchanges))
    return path


def write_har(path: Path, exchanges: Iterable[Sent]) -> Path:
    """Write a HAR file as browsers do: with a byte order mark, indented."""
    log = {"version": "1.2", "entries": [entry_of(each) for each in exchanges]}
    path.write_text(json.dumps({"log": log}, indent=2), encoding="utf-8-sig")
    return path


def _pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]
