"""Look up headers in whatever a client keeps them in. Pure, never raises."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

_MOST_HEADERS = 256
_LONGEST_VALUE = 1_024


def headers_named(headers: object, names: frozenset[str]) -> dict[str, str]:
    """Return those of `names` (lower case) that `headers` has, with their values.

    Args:
        headers: A mapping or pairs, of text or bytes, in any case; None or
            anything else has none. Of a repeated header the first counts.
        names: Lower-case names.
    """
    found: dict[str, str] = {}
    try:
        if type(kept := getattr(headers, "_store", None)) is OrderedDict:
            _look_up(kept, names, found)
        else:
            _walk(headers, names, found)
    except Exception:
        # A client's own header class: what it raises is not ours to know.
        return found
    return found


def _look_up(
    kept: Mapping[str, tuple[object, object]],
    names: frozenset[str],
    found: dict[str, str],
) -> None:
    """Find headers as requests keeps them: (name, value) by lower-case name.

    To ask its own mapping, or to walk it, takes several times as long.
    """
    for name in names:
        pair = kept.get(name)
        if pair is not None:
            found[name] = _text(pair[1])[:_LONGEST_VALUE]


def _walk(headers: object, names: frozenset[str], found: dict[str, str]) -> None:
    for key, value in islice(_pairs(headers), _MOST_HEADERS):
        name = key.lower() if type(key) is str else _text(key).lower()
        if name in names and name not in found:
            found[name] = _text(value)[:_LONGEST_VALUE]


def _pairs(headers: Any) -> Iterable[Any]:
    if headers is None:
        return ()
    walk = getattr(headers, "items", None)
    pairs: Iterable[Any] = headers if walk is None else walk()
    return pairs


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return value[:_LONGEST_VALUE].decode("latin-1")
    return value if isinstance(value, str) else ""
