import os

import pytest

from agcod_guard.storage.tick_lock import TickLock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "tick.lock"


def test_only_one_has_the_turn(path):
    first, second = TickLock(path), TickLock(path)

    assert first.acquire()
    assert not second.acquire()
    assert first.acquire()


def test_the_turn_goes_on_when_it_is_released(path):
    first, second = TickLock(path), TickLock(path)
    first.acquire()

    first.release()

    assert second.acquire()
    assert not first.acquire()


def test_the_turn_goes_on_when_its_process_is_killed(path):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        TickLock(path).acquire()
        os.write(writer, b"x")
        os.read(os.pipe()[0], 1)
    os.read(reader, 1)
    lock = TickLock(path)
    assert not lock.acquire()

    os.kill(child, 9)
    os.waitpid(child, 0)

    assert lock.acquire()


def test_a_child_has_not_its_parents_turn_and_does_not_end_it(path):
    lock = TickLock(path)
    lock.acquire()
    child = os.fork()
    if child == 0:
        os._exit(int(lock.acquire()))
    _, state = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(state) == 0
    assert not TickLock(path).acquire()


def test_a_lock_whose_file_was_removed_is_taken_anew(path):
    lock = TickLock(path)
    lock.acquire()
    path.unlink()

    assert lock.acquire()
    assert not TickLock(path).acquire()


def test_a_daemon_without_standard_input_keeps_its_turn(path):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(0)
            lock = TickLock(path)
            code = int(not (lock.acquire() and lock.acquire()))
        finally:
            os._exit(code)
    _, state = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(state) == 0


def test_a_descriptor_that_went_to_the_partners_file_is_left_alone(path, tmp_path):
    lock = TickLock(path)
    lock.acquire()
    ours = lock._descriptor
    os.close(ours)
    theirs = os.open(tmp_path / "theirs", os.O_CREAT | os.O_RDWR)

    assert lock.acquire()
    lock.release()

    assert theirs == ours
    assert os.path.samestat(os.fstat(theirs), (tmp_path / "theirs").stat())
    os.close(theirs)


def test_a_link_in_its_place_is_not_followed(path, tmp_path):
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic link"):
        TickLock(path).acquire()

    assert not (tmp_path / "elsewhere").exists()
