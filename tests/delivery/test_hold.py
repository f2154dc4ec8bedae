"""The kill switch."""

import pytest

from agcod_guard.delivery.hold import HoldFile


@pytest.fixture
def hold(tmp_path):
    return HoldFile(tmp_path / "data")


def test_it_is_off_until_somebody_puts_it_on_and_off_again_afterwards(hold):
    assert not hold.stands()

    hold.put_on("2026-11-22 11:15:05 GMT, Ada Example: planned downtime")
    assert hold.stands()
    assert hold.note() == "2026-11-22 11:15:05 GMT, Ada Example: planned downtime"

    assert hold.take_off()
    assert not hold.stands()
    assert not hold.take_off()


def test_an_empty_file_made_by_hand_holds_and_says_nothing(hold):
    hold.path.parent.mkdir()
    hold.path.touch()

    assert hold.stands()
    assert hold.note() == ""


@pytest.mark.parametrize("make", [lambda p: p.mkdir(), lambda p: p.symlink_to("x")])
def test_anything_of_that_name_holds(hold, make):
    hold.path.parent.mkdir()

    make(hold.path)

    assert hold.stands()
    assert hold.note() == ""


def test_what_cannot_be_looked_at_holds(tmp_path):
    (tmp_path / "data").write_text("no folder")

    assert HoldFile(tmp_path / "data").stands()


def test_the_file_is_its_owners_alone(hold):
    hold.put_on("x")

    assert hold.path.stat().st_mode & 0o777 == 0o600
    assert hold.path.parent.stat().st_mode & 0o777 == 0o700
