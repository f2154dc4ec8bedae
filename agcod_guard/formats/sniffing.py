"""Tell what a file of recorded calls is by how it begins, never by its name. Pure."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum

HEAD_BYTES = 4_096
"""So much of a file is enough."""

GZIP_MAGIC = b"\x1f\x8b"

_SEGMENT = re.compile(rb"\n[A-Z][0-9a-f]{14}")
_HAR = re.compile(rb'\{\s*"log"\s*:\s*\{')


class Format(StrEnum):
    """What recorded calls may stand in."""

    JOURNAL = "journal"
    NDJSON = "ndjson"
    HAR = "har"


def format_of(head: bytes) -> Format | None:
    """Return what a file that begins so is; None if it holds no calls at all.

    Text that is nothing else is taken for lines: the first may be the bad one.
    """
    if _SEGMENT.match(head):
        return Format.JOURNAL
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if not text or b"\0" in text.partition(b"\n")[0]:
        return None
    return Format.HAR if _HAR.match(text) else Format.NDJSON
