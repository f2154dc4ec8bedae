"""Find the entries of a HAR file in a stream of bytes, one at a time.

Pure, and in constant memory: what is not an entry is passed over as it comes,
and so is the rest of an entry that is too large. Whether an entry is JSON is for
whoever reads it to say; here only brackets and strings are told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LONGEST_ENTRY = 4_194_304
"""Bytes of one entry; an exchange with AGCOD takes a thousandth of that."""

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]"]', re.DOTALL)
_BEGINNING = 65_536
_ENTRIES = [b'"log"{', b'"entries"[']
_DEPTH = 3
"""So many brackets are open in the list of entries: the file's, those two."""


class TooLarge(bytes):
    """The beginning of an entry that was not kept."""


class Entries:
    """Cuts a HAR file into the JSON of its entries.

    Attributes:
        is_complete: The list of entries has been seen to its end.
    """

    def __init__(self, *, longest: int = LONGEST_ENTRY) -> None:
        self.is_complete = False
        self._longest = longest
        self._buffer = b""
        self._at = 0  # all before it has been looked at
        self._start: int | None = None  # of the entry that is being read
        self._dropped: TooLarge | None = None  # the same, if it is too large
        self._depth = 0
        self._last_text = b""
        self._within: list[bytes] = []  # outermost brackets, with their names

    def within(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the entries in those chunks of a file, `TooLarge` for some."""
        for chunk in chunks:
            self._buffer += chunk
            yield from self._found()
            if self.is_complete:
                return
            self._forget()

    def _found(self) -> Iterator[bytes]:
        """Yield the entries that end in the buffer."""
        buffer = self._buffer
        for token in _TOKEN.finditer(buffer, self._at):
            text = token[0]
            if text == b'"':  # of a string that goes on in the next chunk
                self._at = token.start()
                return
            self._at = token.end()
            if len(text) > 1:
                self._last_text = text
            elif text in b"{[":
                self._open(text, token.start())
            else:
                yield from self._close(token.end())
                if self.is_complete:
                    return
        self._at = len(buffer)

    def _open(self, bracket: bytes, start: int) -> None:
        if self._depth < _DEPTH:
            self._within.append(self._last_text + bracket)
        elif self._depth == _DEPTH and self._within[1:] == _ENTRIES:
            self._start = start
        self._depth += 1

    def _close(self, end: int) -> Iterator[bytes]:
        """Go up a level; yield the entry that ends there."""
        self._depth = max(self._depth - 1, 0)
        if self._depth < _DEPTH:
            self.is_complete = self._within[1:] == _ENTRIES
            del self._within[self._depth :]
        elif self._depth == _DEPTH and self._dropped is not None:
            yield self._dropped
            self._dropped = None
        elif self._depth == _DEPTH and self._start is not None:
            yield self._buffer[self._start : end]
            self._start = None

    def _forget(self) -> None:
        """Let go of what is behind, and of an entry that has become too large."""
        start = self._start
        if start is not None and len(self._buffer) - start > self._longest:
            self._dropped = TooLarge(self._buffer[start : start + _BEGINNING])
            self._start = start = None
        cut = self._at if start is None else start
        self._buffer = self._buffer[cut:]
        self._at -= cut
        if start is not None:
            self._start = 0
        elif len(self._buffer) > self._longest:
            # A string without an end in sight: its inside is not wanted.
            escapes = len(self._buffer) - len(self._buffer.rstrip(b"\\"))
            self._buffer = b'"' + b"\\" * (escapes % 2)
