"""Write YAML: a small part of it, the same bytes for the same values. Pure.

Mappings and lists become blocks; a text of several lines becomes a literal block,
any other text stands in quotes, unless it is one plain word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

Node = str | int | float | bool | Sequence["Node"] | Mapping[str, "Node"]
"""What can be written."""

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./:@-]*[A-Za-z0-9_/]|[0-9]+(ms|s|m|h|d|w)")
_LITERAL = re.compile(r"[!-~][ -~]*(\n[!-~][ -~]*)+")
_WORDS_OF_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def written(node: Node, *, comment: str = "") -> str:
    """Return the node as a YAML document, with the comment above it."""
    above = [f"# {line}".rstrip() for line in comment.splitlines()]
    return "\n".join([*above, *_lines(node)]) + "\n"


def _lines(node: Node) -> Iterator[str]:
    """Yield the lines of a block, from the left margin."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _entry(f"{_scalar(key)}:", value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            first, *rest = _lines(value) if _is_block(value) else [_scalar(value)]
            yield f"- {first}"
            yield from _indented(rest)
    else:
        yield _scalar(node)


def _entry(key: str, value: Node) -> Iterator[str]:
    if isinstance(value, str) and _LITERAL.fullmatch(value):
        yield f"{key} |-"
        yield from _indented(value.splitlines())
    elif _is_block(value):
        yield key
        yield from _indented(_lines(value))
    else:
        yield f"{key} {_scalar(value)}"


def _is_block(node: Node) -> bool:
    return (
        isinstance(node, Sequence | Mapping)
        and not isinstance(node, str)
        and node != []
    )


def _indented(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield f"  {line}" if line else ""


def _scalar(node: Node) -> str:
    if not isinstance(node, str):
        return json.dumps(node)
    if _PLAIN.fullmatch(node) and node.lower() not in _WORDS_OF_YAML:
        return node
    if '"' in node and "'" not in node and node.isprintable():
        return f"'{node}'"
    return json.dumps(node, ensure_ascii=False)
