"""How frames lie in a segment, and how they are found again after damage.

Pure: bytes in, values out. A frame is a newline, its type byte, the payload's
length (6 hex digits), a CRC-32 over type byte and payload (8 hex digits) and the
payload, which is one line of JSON. As no payload holds a raw newline, a reader
that met damage goes on at the next one; and a segment can be read with `grep`.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

MAX_PAYLOAD_BYTES = 1 << 20
"""No frame is longer, so a reader never waits for more than this."""

_PREFIX_BYTES = 15
"""Type byte, length and checksum: what stands before the payload of a line."""

_SEEDS = {bytes([byte]): crc32(bytes([byte])) for byte in range(256)}


class Found(NamedTuple):
    """One whole frame: where it stands, its type byte and what it says."""

    start: int
    end: int
    kind: bytes
    payload: bytes


class Scan(NamedTuple):
    """What a stretch of a segment holds.

    Attributes:
        frames: The whole frames, in the order written.
        damaged: Where lines begin that are no frame, or more than their frame.
        end: Offset from which to read on: behind the last byte, or where a
            last line begins that may yet become a frame.
    """

    frames: list[Found]
    damaged: list[int]
    end: int


def framed(kind: bytes, payload: bytes) -> bytes:
    """Return the frame as it goes to disk.

    Raises:
        ValueError: The payload is too long, or holds a raw newline.
    """
    if len(payload) > MAX_PAYLOAD_BYTES or b"\n" in payload:
        raise ValueError(
            f"a payload must be one line of at most {MAX_PAYLOAD_BYTES} bytes"
        )
    checksum = crc32(payload, _SEEDS[kind])
    return b"\n%b%06x%08x%b" % (kind, len(payload), checksum, payload)


def frames_in(buffer: bytes, offset: int) -> Scan:
    """Return the frames of `buffer`, which was read at `offset` of a segment."""
    before, *lines = buffer.split(b"\n")
    frames: list[Found] = []
    damaged = [offset] if before else []
    start = offset + len(before)
    for line in lines:
        payload = line[_PREFIX_BYTES:]
        end = start + 1 + len(line)
        if _stated(line) == _sum(line[:1], payload):
            frames.append(Found(start, end, line[:1], payload))
        elif end == offset + len(buffer) and _may_grow(line):
            return Scan(frames, damaged, start)
        else:
            damaged.append(start)
            frames += _spared(line, start)
        start = end
    return Scan(frames, damaged, offset + len(buffer))


def _stated(line: bytes) -> int:
    """Return length and checksum as the line states them, as one number.

    -1 when what stands there is no such number.
    """
    try:
        return int(line[1:_PREFIX_BYTES], 16)
    except ValueError:
        return -1


def _sum(kind: bytes, payload: bytes) -> int:
    """Return the length and checksum that a sound frame states."""
    return len(payload) << 32 | crc32(payload, _SEEDS.get(kind, 0))


def _may_grow(line: bytes) -> bool:
    """Whether the last line of what was read is the beginning of a frame."""
    if len(line) < _PREFIX_BYTES:
        return True
    stated = _stated(line)
    return len(line) - _PREFIX_BYTES < stated >> 32 <= MAX_PAYLOAD_BYTES


def _spared(line: bytes, start: int) -> list[Found]:
    """Return the frame that a damaged line begins with, if it is whole."""
    length = _stated(line) >> 32
    kind, payload = line[:1], line[_PREFIX_BYTES : _PREFIX_BYTES + max(length, 0)]
    if length < 0 or _sum(kind, payload) != _stated(line):
        return []
    return [Found(start, start + 1 + _PREFIX_BYTES + length, kind, payload)]
