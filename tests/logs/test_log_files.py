"""Every line of a log is read once, whatever becomes of its file."""

from __future__ import annotations

import shutil

import pytest

from agcod_guard.clock import ManualClock
from agcod_guard.logs.log_files import LET_GO_S, FileLog


class Log:
    """A log and whoever reads it."""

    def __init__(self, folder) -> None:
        self.path = folder / "calls.ndjson"
        self.clock = ManualClock(100.0)
        self.file: FileLog | None = None

    def write(self, text: str, path=None) -> None:
        with (path or self.path).open("a") as file:
            file.write(text)

    def open(self, spots=(), *, follows: bool = True) -> None:
        self.file = FileLog(
            self.path, spots, follows=follows, monotonic_s=self.clock.monotonic_s
        )

    def reopen(self) -> None:
        spots = self.file.spots
        self.file.close()
        self.open(spots)

    def read(self) -> list[str]:
        """Read until nothing more comes."""
        read = []
        while True:
            lines = [line.text.decode() for line in self.file.lines()]
            read += lines
            if not lines and self.file.is_at_end:
                return read

    def read_later(self) -> list[str]:
        """Read now, and once what was rotated away has rested."""
        read = self.read()
        self.clock.advance(LET_GO_S)
        return read + self.read()


@pytest.fixture
def log(tmp_path):
    log = Log(tmp_path)
    yield log
    if log.file:
        log.file.close()


def test_what_is_appended_is_read_once(log):
    log.write("1\n2\n")
    log.open()

    assert log.read() == ["1", "2"]
    log.write("3\n")
    assert log.read() == ["3"]
    assert log.read() == []


def test_a_line_without_an_end_is_waited_for(log):
    log.write("1\n2")
    log.open()

    assert log.read() == ["1"]
    log.write("2\n")
    assert log.read() == ["22"]


def test_a_file_that_is_not_there_yet_is_waited_for(log):
    log.open()
    assert log.read() == []

    log.write("1\n")

    assert log.read() == ["1"]


def test_without_following_a_missing_file_is_an_error(log):
    with pytest.raises(FileNotFoundError):
        log.open(follows=False)


def test_without_following_the_log_ends_with_the_file(log):
    log.write("1\n2")
    log.open(follows=False)

    assert log.read() == ["1"]
    assert log.file.has_ended
    assert log.file.rest().text == b"2"


def test_a_whole_file_may_be_one_line_without_an_end(log):
    log.write("1")
    log.open(follows=False)

    assert log.read() == []
    assert log.file.rest().text == b"1"


def test_a_log_that_is_followed_never_ends(log):
    log.write("1\n")
    log.open()
    log.read()

    assert log.file.is_at_end
    assert not log.file.has_ended


def test_a_file_moved_away_is_read_to_its_end_before_the_new_one(log):
    log.write("1\n2\n")
    log.open()
    log.read()
    log.write("3\n")
    old = log.path.rename(log.path.with_suffix(".ndjson.1"))
    log.write("4\n")

    assert log.read() == ["3"]
    log.write("late\n", old)
    assert log.read_later() == ["late", "4"]


def test_what_had_no_end_in_a_file_moved_away_is_handed_out_with_it(log):
    log.write("1\ntor")
    log.open()
    log.read()
    log.path.rename(log.path.with_suffix(".1"))
    log.write("2\n")

    assert log.read_later() == ["tor", "2"]


@pytest.mark.parametrize("new", ["4\n", "4\n5\n6\n7\n"])
def test_a_file_copied_and_cut_goes_on_in_its_copy(log, new):
    log.write("1\n2\n")
    log.open()
    log.read()
    log.write("3\n")
    shutil.copy(log.path, log.path.with_suffix(".ndjson.1"))
    log.path.write_text(new)

    assert log.read_later() == ["3", *new.split()]


def test_a_file_cut_without_a_copy_begins_anew(log):
    log.write("1\n2\n")
    log.open()
    log.read()
    log.path.write_text("3\n")

    assert log.read() == ["3"]


def test_a_new_reader_goes_on_where_the_last_one_stopped(log):
    log.write("1\n2\n")
    log.open()
    log.read()
    log.write("3\n")

    log.reopen()

    assert log.read() == ["3"]


@pytest.mark.parametrize("rotated", ["calls.ndjson.1", "calls-20261122.ndjson"])
def test_a_log_rotated_while_nobody_read_is_read_to_its_end(log, rotated):
    log.write("1\n2\n")
    log.open()
    log.read()
    log.write("3\n")
    log.path.rename(log.path.with_name(rotated))
    log.write("4\n")

    log.reopen()

    assert log.read_later() == ["3", "4"]


def test_a_rotated_log_that_comes_back_is_not_read_again(log):
    log.write("1\n2\n")
    log.open()
    log.read()
    old = log.path.rename(log.path.with_suffix(".1"))
    log.write("3\n")
    assert log.read_later() == ["3"]

    log.path.unlink()
    old.rename(log.path)

    assert log.read_later() == []


def test_a_folder_that_has_gone_is_waited_for_like_a_file(log, tmp_path):
    log.path = tmp_path / "shop" / "calls.ndjson"
    log.path.parent.mkdir()
    log.write("1\n")
    log.open()
    log.read()
    shutil.rmtree(log.path.parent)

    log.reopen()
    assert log.read() == []
    log.path.parent.mkdir()
    log.write("2\n")

    assert log.read() == ["2"]


def test_a_neighbour_with_a_like_name_is_left_alone(log):
    log.write("1\n")
    log.open()
    log.read()
    log.write("other\n", log.path.with_name("calls.ndjson.note"))
    log.path.unlink()
    log.write("2\n")

    log.reopen()

    assert log.read_later() == ["2"]
