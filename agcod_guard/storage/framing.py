"""How frames lie in a segment, and how they are found again after damage.

Pure: bytes in, values out. A frame is a newline, its type byte, the payload's
length (6 hex digits), a CRC-32 over type byte and payload (8 hex digits) and the
payload, which is one line of JSON. As no payload holds a raw newline, a reader
that met damage goes on at the next one; and a segment can be read with `grep`.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

import msgspec

MAX_PAYLOAD_BYTES = 1 << 20
"""No frame is longer, so a reader never waits for more than this."""

_PREFIX_BYTES = 15
"""Type byte, length and checksum: what stands before the payload of a line."""

_SEEDS = {bytes([byte]): crc32(bytes([byte])) for byte in range(256)}


class Found(msgspec.Struct, frozen=True, gc=False):
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
    last = offset + len(buffer)
    for line in lines:
        kind, payload = line[:1], line[_PREFIX_BYTES:]
        end = start + 1 + len(line)
        stated = _stated(line)
        if stated == len(payload) << 32 | crc32(payload, _SEEDS.get(kind, 0)):
            frames.append(Found(start, end, kind, payload))
        elif end == last and _may_grow(line, stated):
            return Scan(frames, damaged, start)
        else:
            damaged.append(start)
            frames += _spared(line, stated, start)
        start = end
    return Scan(frames, damaged, last)


def _stated(line: bytes) -> int:
    """Return length and checksum as the line states them, as one number.

    -1 when what stands there is no such number.
    """
    try:
        return int(line[1:_PREFIX_BYTES], 16)
    except ValueError:
        return -1


def _may_grow(line: bytes, stated: int) -> bool:
    """Whether the last line of what was read is the beginning of a frame."""
    if len(line) < _PREFIX_BYTES:
        return True
    return len(line) - _PREFIX_BYTES < stated >> 32 <= MAX_PAYLOAD_BYTES


def _spared(line: bytes, stated: int, start: int) -> list[Found]:
    """Return the frame that a damaged line begins with, if it is whole."""
    length = stated >> 32
    if not 0 <= length < len(line) - _PREFIX_BYTES:
        return []
    end = start + 1 + _PREFIX_BYTES + length
    return frames_in(b"\n" + line[: end - start - 1], start).frames
