"""Read the outer fields of a JSON or XML body, whole or broken off.

Pure and never raises. A tree is at most as deep as AGCOD's own answers need:
`{"errorCode": "F500", "agcodResponse": {"status": "FAILURE"}}`. What stands in
a list is left out where the body is only searched: the rows of an activity page
carry the errors of other orders.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from agcod_guard.protocol.bodies import BodyText, Form

INNER_OBJECTS = ("agcodResponse", "Error")
"""Where an answer keeps some of its fields, one level further in."""

_MOST_FIELDS = 256
_MOST_TOKENS = 20_000
_LONGEST_VALUE = 1_024
_WRAPPERS = ("Request", "Response", "Exception", "Error", "Result")

_TOKEN = re.compile(
    r'"(?P<text>(?:[^"\\]|\\.)*+)(?P<end>"?)'
    r'|(?P<mark>[{}\[\],:])|(?P<word>[^\s"{}\[\],:]++)',
    re.DOTALL,
)
_LIST = "["
_PLAIN_FIELD = re.compile(
    r'"(?P<json>errorCode|errorType|status|[mM]essage|__type)"\s{0,32}:\s{0,32}'
    r'"(?P<said>[^"\\]{0,1024})"'
    r"|<(?:[\w.-]{1,64}:)?(?P<xml>errorCode|errorType|status|[mM]essage)\s{0,32}>"
    r"(?P<text>[^<]{0,1024})</"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The outer fields of one body.

    Attributes:
        fields: By name; a value is text, a number, None, a list, or such a
            mapping again.
        root: Name of the XML root, or of the one outer key of a JSON object
            that was wrapped like XML; empty when there is none.
        whole: The body was read to its end; else it was searched, and what is
            missing here may have been in it.
    """

    fields: Mapping[str, object] = field(default_factory=dict)
    root: str = ""
    whole: bool = False


def tree_of(text: BodyText) -> Tree:
    """Return what could be read of a body; an empty tree if nothing could."""
    match text.form:
        case Form.JSON:
            tree = _json_tree(text)
        case Form.XML:
            tree = _xml_tree(text)
        case Form.OTHER:
            tree = Tree(fields=_searched_json(text.head))
        case _:
            return Tree()
    if not text.tail:
        return tree
    # The rows of a list belong to other orders.
    at_end = _plain_fields(text.tail[text.tail.rfind("]") + 1 :])
    return Tree(fields={**at_end, **tree.fields}, root=tree.root)


def _json_tree(text: BodyText) -> Tree:
    if text.tail:
        return Tree(fields=_searched_json(text.head))
    try:
        fields = msgspec.json.decode(text.head)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return Tree(fields=_searched_json(text.head))
    if not isinstance(fields, dict):
        return Tree()
    root = next(iter(fields), "")
    inner = fields.get(root)
    if len(fields) == 1 and isinstance(inner, dict) and _is_wrapper(root):
        return Tree(fields=inner, root=root, whole=True)
    return Tree(fields=fields, whole=True)


def _is_wrapper(key: str) -> bool:
    return key.endswith(_WRAPPERS) and key not in INNER_OBJECTS


def _searched_json(text: str) -> dict[str, object]:
    """Return the outer fields of JSON that is broken, cut, or too long to parse."""
    fields: dict[str, object] = {}
    for path, value in _json_leaves(text):
        _put(fields, path, value)
        if len(fields) >= _MOST_FIELDS:
            break
    return fields


def _json_leaves(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (path, value) of what stands at most two objects deep.

    The value of a list is `[`; of what stands in it nothing is told.
    """
    path: list[str] = []
    last, key = "", None
    for token in islice(_TOKEN.finditer(text), _MOST_TOKENS):
        match token["mark"]:
            case None:
                last = token["word"] or token["text"] or ""
                if key is not None and token["end"] != "" and _is_outer(path):
                    yield (*path[1:], key), _unescaped(last)
            case ":":
                key = last
            case ",":
                key = None
            case "{" | "[" as opened:
                if opened == _LIST and key is not None and _is_outer(path):
                    yield (*path[1:], key), _LIST
                path.append(_LIST if opened == "[" else key or "")
                key = None
            case _:
                del path[-1:]
                key = None


def _is_outer(path: list[str]) -> bool:
    return len(path) <= 2 and _LIST not in path


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text[:_LONGEST_VALUE]}"', strict=False))
    except ValueError:
        return text[:_LONGEST_VALUE]


def _put(fields: dict[str, object], path: tuple[str, ...], value: str) -> None:
    """Set the leaf at `path`, which is one or two names long; the first stays."""
    *parents, name = path
    for parent in parents:
        inner = fields.setdefault(parent, {})
        if not isinstance(inner, dict):
            return
        fields = inner
    fields.setdefault(name, None if value == "null" else value)


def _plain_fields(text: str) -> dict[str, object]:
    """Return the error fields that can be told without reading the rest."""
    return {
        str(found["json"] or found["xml"]): found["said"] or found["text"]
        for found in _PLAIN_FIELD.finditer(text)
    }


def _xml_tree(text: BodyText) -> Tree:
    # Loaded only for partners who speak XML: it costs several milliseconds.
    from agcod_guard.protocol.xml_fields import read_xml

    root, leaves, whole = read_xml(text.head)
    fields: dict[str, object] = {}
    for path, value in leaves:
        _put(fields, path, value)
    if not whole and not fields:
        fields = _plain_fields(text.head)
    return Tree(fields=fields, root=root, whole=whole)
