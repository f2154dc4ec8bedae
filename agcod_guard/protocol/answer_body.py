"""Read what the body of an answer says, without judging it.

Pure, never raises. The usual success is told by one typed decoding; everything
else goes the tolerant way through `trees`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from agcod_guard.protocol.bodies import LONGEST_PARSED, BodyText, Form, body_text
from agcod_guard.protocol.failures import code_of
from agcod_guard.protocol.trees import INNER_OBJECTS, Tree, tree_of
from agcod_guard.protocol.untrusted import text_of


class Said(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one body says; texts are as they came, not yet redacted.

    Attributes:
        form: What the body looks like.
        whole: It was parsed to its end.
        cut: There was, or may have been, more of it than was looked at.
        status: `SUCCESS`, `FAILURE`, `RESEND`, in capitals; None if it says none.
        error_code: An F-code.
        error_type: Name of the error, without namespace.
        message: The words that go with it.
        coral: It carries a `__type`, as Amazon's framework writes it.
        present: Names of its outer fields that are not null.
    """

    form: Form
    whole: bool = False
    cut: bool = False
    status: str | None = None
    error_code: str | None = None
    error_type: str | None = None
    message: str | None = None
    coral: bool = False
    present: frozenset[str] = frozenset()


PLAIN_SUCCESS = Said(
    form=Form.JSON, whole=True, status="SUCCESS", present=frozenset({"status"})
)
"""The usual success: nothing but `SUCCESS`, read to the end."""


class _Plain(msgspec.Struct, gc=False):
    """An ordinary success; what says anything of an error cannot be decoded."""

    status: Literal["SUCCESS"]
    error_code: None = msgspec.field(name="errorCode", default=None)
    error_type: None = msgspec.field(name="errorType", default=None)
    message: None = None
    coral_type: None = msgspec.field(name="__type", default=None)
    inner: None = msgspec.field(name="agcodResponse", default=None)


_PLAIN = msgspec.json.Decoder(_Plain)
_TITLE = re.compile(r"<title[^<>]{0,100}>([^<]{0,200})", re.IGNORECASE)
_TITLE_WITHIN = 4_096
_LONGEST_TYPE = 256
_LONGEST_WORDS = 1_024


def said_by(body: object, content_encoding: str = "") -> Said:
    """Return what the body of an answer says.

    Args:
        body: Bytes or text; anything else counts as not seen.
        content_encoding: Value of the Content-Encoding header, or empty.
    """
    if isinstance(body, bytes | str) and _is_plain_success(body):
        return PLAIN_SUCCESS
    text = body_text(body, content_encoding)
    match text.form:
        case Form.HTML:
            title = _TITLE.search(text.head, 0, _TITLE_WITHIN)
            return Said(form=text.form, cut=text.cut, message=title and title[1])
        case Form.OTHER:
            words = text.head[:_LONGEST_WORDS]
            return _said_in(tree_of(text), text, words=words)
        case _:
            return _said_in(tree_of(text), text)


def _is_plain_success(body: bytes | str) -> bool:
    if len(body) >= LONGEST_PARSED:
        return False
    try:
        _PLAIN.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return False
    return True


def _said_in(tree: Tree, text: BodyText, *, words: str | None = None) -> Said:
    places = list(_places(tree.fields))
    code = _first(places, "errorCode")
    status = _first(places, "status")
    coral_type = _first(places, "__type")
    return Said(
        form=text.form,
        whole=tree.whole,
        cut=text.cut,
        status=status.strip().upper() if status else None,
        error_code=code_of(code),
        error_type=_first(places, "errorType")
        or short_type(text_of(tree.fields.get("__type")))
        or _first(places, "Code")
        or (tree.root if tree.root.endswith("Exception") else None)
        or (None if code_of(code) else code),
        message=_first(places, "message") or _first(places, "Message") or words,
        coral=coral_type is not None,
        present=frozenset(
            name for name, value in tree.fields.items() if value is not None
        ),
    )


def _places(fields: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Yield the answer itself and the objects in which it keeps more of it."""
    yield fields
    for name in INNER_OBJECTS:
        inner = fields.get(name)
        if isinstance(inner, dict):
            yield inner


def _first(places: list[Mapping[str, object]], name: str) -> str | None:
    return next(filter(None, (text_of(place.get(name)) for place in places)), None)


def short_type(name: str | None) -> str | None:
    """Return an error's name without namespace and address; None if it has none.

    Amazon's framework writes `ns#Name`, `Name:http://...` and `Name,...`. A
    name that ends in `Response` is that of the answer's own class, no error.
    """
    bare = re.split(r"[:,]", (name or "")[:_LONGEST_TYPE], maxsplit=1)[0]
    short = bare.rpartition("#")[2].strip()
    return short if short and not short.endswith("Response") else None
