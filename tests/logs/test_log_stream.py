"""A stream is read as it comes, to its end."""

from __future__ import annotations

import os

import pytest

from agcod_guard.logs.log_stream import StreamLog


class Pipe:
    """Whoever writes, and the log at the other end."""

    def __init__(self) -> None:
        out, self._into = os.pipe()
        self._stream = os.fdopen(out, "rb", buffering=0)
        self.log = StreamLog(self._stream)

    def write(self, content: bytes) -> None:
        os.write(self._into, content)

    def end(self) -> None:
        if self._into >= 0:
            os.close(self._into)
        self._into = -1

    def read(self) -> list[bytes]:
        read = []
        while not self.log.is_at_end:
            read += [line.text for line in self.log.lines()]
        return read

    def close(self) -> None:
        self.end()
        self._stream.close()


@pytest.fixture
def pipe():
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_lines_come_as_they_are_written(pipe):
    assert pipe.read() == []
    pipe.write(b"1\n2")
    assert pipe.read() == [b"1"]
    pipe.write(b"2\n")
    assert pipe.read() == [b"22"]
    assert not pipe.log.has_ended


def test_a_first_line_in_pieces_is_one_line(pipe):
    pipe.write(b"o")
    assert pipe.read() == []
    pipe.write(b"ne\ntwo\n")

    assert pipe.read() == [b"one", b"two"]


def test_the_log_ends_with_the_stream(pipe):
    pipe.write(b"1\nrest")
    pipe.end()

    assert pipe.read() == [b"1"]
    assert pipe.log.has_ended
    assert pipe.log.rest().text == b"rest"


def test_an_empty_stream_is_an_empty_log(pipe):
    pipe.end()

    assert pipe.read() == []
    assert pipe.log.has_ended
    assert pipe.log.rest() is None


def test_a_stream_that_comes_twice_has_the_same_calls():
    def call_ids() -> list[str]:
        pipe = Pipe()
        try:
            pipe.write(b"1\n2\n")
            pipe.end()
            return [line.call_id for line in pipe.log.lines()]
        finally:
            pipe.close()

    assert call_ids() == call_ids()


def test_nothing_is_remembered_of_a_stream(pipe):
    pipe.write(b"1\n")
    pipe.read()

    assert pipe.log.spots == []
