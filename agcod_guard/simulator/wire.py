"""AGCOD's words on the wire: requests read, answers written, JSON and XML.

Pure. Shapes are those that public clients met: an F-code answer wraps the
operation's success fields, all null, in `agcodResponse`; XML has `Message`
with a capital, leaves null fields out, and puts the claim code first;
throttling and auth errors carry a message alone. The root of an XML error
with an F-code is nowhere shown; `<Operation>Error` is a guess.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from agcod_guard.protocol.operations import (
    OPERATIONS,
    REQUEST_ID_FIELDS,
    operation_of,
)
from agcod_guard.simulator.refusals import Refusal

_CORAL = "http://internal.amazon.com/coral/com.amazonaws.agcod/"
_SERVICE = "com.amazon.coral.service#"
_LIST_ITEMS = {"cardActivityList": "cardActivity"}


class Format(StrEnum):
    """The two formats AGCOD speaks."""

    JSON = "json"
    XML = "xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, read.

    Attributes:
        operation: Operation name out of the path, else the target header.
        fields: The request object; None when the body cannot be read as one.
        headers: Header values by lower-case name.
        answer_format: Format the answer will have.
    """

    operation: str
    fields: Mapping[str, Any] | None
    headers: Mapping[str, str]
    answer_format: Format

    @property
    def request_id(self) -> str | None:
        """The caller's own id, if the operation has one and it is there."""
        known = OPERATIONS.get(self.operation)
        names = known.request_id_fields if known else REQUEST_ID_FIELDS
        return next(filter(None, map(self.text, names)), None)

    def text(self, name: str) -> str | None:
        """Return the field `name` if it is a non-empty string."""
        value = (self.fields or {}).get(name)
        return value if isinstance(value, str) and value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What AGCOD has to say to one request.

    Attributes:
        fields: The success fields in XML order, without `status`.
        refusal: The error instead; then `fields` are the names to null.
        created: Whether the request made a card, activated one or loaded a
            balance just now.
        repeated: Whether it only got the answer of an earlier request again.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None
    created: bool = False
    repeated: bool = False

    @property
    def wording(self) -> str:
        """`SUCCESS`, or the error in Amazon's wording."""
        return self.refusal.wording if self.refusal else "SUCCESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer, ready to be sent."""

    http_status: int
    headers: Mapping[str, str]
    body: bytes


def read_request(path: str, headers: Mapping[str, str], body: bytes) -> Request:
    """Read one request; the body's format is told by its first byte.

    Args:
        path: Request target as it stands in the request line.
        headers: Header values by lower-case name.
        body: The whole body.
    """
    text = body.lstrip()
    own = Format.XML if text.startswith(b"<") else Format.JSON
    return Request(
        operation=operation_of(urlsplit(path).path, headers.get("x-amz-target")),
        fields=_xml_object(text) if own is Format.XML else _json_object(text),
        headers=headers,
        answer_format=_answer_format(headers.get("accept", ""), own),
    )


def rendered(answer: Answer, request: Request) -> Reply:
    """Return the HTTP answer, without the headers every answer has."""
    refusal, headers = answer.refusal, {}
    if request.answer_format is Format.XML:
        headers["Content-Type"] = "application/xml;charset=UTF-8"
        body = _xml_body(answer, request.operation)
    else:
        headers["Content-Type"] = "application/json"
        body = _json_body(answer, request.operation)
    if refusal and not refusal.code:
        headers["x-amzn-ErrorType"] = refusal.error_type
    status = refusal.http_status if refusal else 200
    return Reply(http_status=status, headers=headers, body=body)


def _answer_format(accept: str, own: Format) -> Format:
    for wanted in Format:
        if wanted in accept.lower():
            return wanted
    return own


def _json_object(text: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return _without_root(value) if isinstance(value, dict) else None


def _without_root(fields: dict[str, Any]) -> Mapping[str, Any]:
    # One published client keeps the XML root as an outer JSON key.
    if len(fields) == 1:
        [(name, inner)] = fields.items()
        if name.endswith("Request") and isinstance(inner, dict):
            return inner
    return fields


def _xml_object(text: bytes) -> Mapping[str, Any] | None:
    try:
        value = _xml_value(fromstring(text))
    except (ParseError, DefusedXmlException, RecursionError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _xml_value(element: Element) -> dict[str, Any] | str:
    if len(element) == 0:
        return (element.text or "").strip()
    return {child.tag.rpartition("}")[2]: _xml_value(child) for child in element}


def _json_body(answer: Answer, operation: str) -> bytes:
    refusal = answer.refusal
    if refusal is None:
        body: dict[str, Any] = {**answer.fields, "status": "SUCCESS"}
    elif refusal.code:
        nulls = dict.fromkeys(answer.fields)
        kind = f"{operation}Response:{_CORAL}"
        body = {
            "agcodResponse": {"__type": kind, **nulls, "status": refusal.status},
            "errorCode": refusal.code,
            "errorType": refusal.error_type,
            "message": refusal.message,
        }
    else:
        body = {"message": refusal.message}
        if refusal.typed:
            body["__type"] = _SERVICE + refusal.error_type
    # AGCOD's JSON has its keys in alphabetical order at every level.
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _xml_body(answer: Answer, operation: str) -> bytes:
    refusal = answer.refusal
    if refusal is None:
        # The one answer whose root lacks the word Response.
        plain = operation == "GetAvailableFunds"
        root = Element(operation if plain else f"{operation}Response")
        _add(root, {**answer.fields, "status": "SUCCESS"})
    elif refusal.code:
        root = Element(f"{operation}Error")
        inner = {"status": refusal.status}
        _add(root, {"agcodResponse": inner, "errorCode": refusal.code})
        _add(root, {"errorType": refusal.error_type, "Message": refusal.message})
    else:
        root = Element(refusal.error_type)
        _add(root, {"Message": refusal.message})
    return tostring(root, encoding="unicode").encode()


def _add(parent: Element, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if value is None:
            continue
        child = SubElement(parent, name)
        if isinstance(value, Mapping):
            _add(child, value)
        elif isinstance(value, list):
            for item in value:
                _add(SubElement(child, _LIST_ITEMS[name]), item)
        else:
            child.text = str(value)
