"""Read the outer elements of an XML text, without entities and without a tree.

Pure, bounded, never raises. A document with a DTD is refused: AGCOD sends none,
and entities are what makes XML dangerous.
"""

from __future__ import annotations

from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

_MOST_LEAVES = 256
_LONGEST_VALUE = 1_024


class _Leaves:
    """Collects the texts of elements at most two below the root."""

    def __init__(self) -> None:
        self.root = ""
        self.leaves: list[tuple[tuple[str, ...], str]] = []
        self._path: list[str] = []
        self._lists: set[tuple[str, ...]] = set()
        self._text = ""

    def start(self, tag: str, attributes: object) -> None:
        name = tag.rpartition("}")[2]
        self._path.append(name)
        self.root = self.root or name
        self._text = ""

    def data(self, text: str) -> None:
        self._text = (self._text + text)[:_LONGEST_VALUE]

    def end(self, tag: str) -> None:
        below_root = len(self._path) - 1
        outer = tuple(self._path[1:3])
        del self._path[-1:]
        text, self._text = self._text, ""
        if len(self.leaves) >= _MOST_LEAVES:
            return
        if 1 <= below_root <= 2 and text.strip():
            self.leaves.append((outer, text))
        elif below_root > 2 and outer not in self._lists:
            # What stands so deep belongs to others; that it is there counts.
            self._lists.add(outer)
            self.leaves.append((outer, ""))

    def close(self) -> None:
        """Nothing to hand over: the reader looks at `leaves`."""


def read_xml(text: str) -> tuple[str, list[tuple[tuple[str, ...], str]], bool]:
    """Return the root's name, its leaves as (path, text), and whether all was read.

    A text that breaks off gives what came before; one with a DTD gives nothing
    and counts as read.
    """
    found = _Leaves()
    parser = DefusedXMLParser(target=found, forbid_dtd=True)
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException:
        return "", [], True
    except (ParseError, ValueError, UnicodeError):
        return found.root, found.leaves, False
    return found.root, found.leaves, True
