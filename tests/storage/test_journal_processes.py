"""Several processes: forks, and writers that are killed."""

import ctypes
import gc
import os
import random
import selectors
import signal
import sys
import threading
import time
import weakref

import pytest

from agcod_guard.storage.segments import SegmentJournal


def test_after_a_fork_child_and_parent_both_record(
    journal, folder, begin, in_child, recorded
):
    journal.append(begin("before"))

    assert in_child(lambda: journal.append(begin("child")))
    assert journal.append(begin("parent"))

    assert len(list(folder.glob("*.seg"))) == 2
    assert sorted(recorded()) == ["before", "child", "parent"]


def test_a_fork_closes_the_parent_s_segment_in_the_child_only(
    journal, folder, begin, in_child, descriptor_of
):
    journal.append(begin("before"))
    (segment,) = folder.glob("*.seg")

    assert in_child(lambda: descriptor_of(segment)) is None
    assert descriptor_of(segment) is not None


def test_a_child_does_not_own_the_parent_s_unwritten_frames(
    journal, folder, begin, in_child
):
    folder.parent.mkdir()
    folder.write_text("in the way")
    journal.append(begin("parent's"))

    assert in_child(lambda: len(journal.unwritten())) == 0
    assert len(journal.unwritten()) == 1


def test_a_fork_that_no_hook_saw_is_noticed(journal, folder, begin, recorded):
    journal.append(begin("before"))
    libc = ctypes.PyDLL(None)
    child = libc.fork()
    if child == 0:
        os._exit(0 if journal.append(begin("child")) else 1)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert journal.append(begin("parent"))
    assert len(list(folder.glob("*.seg"))) == 2
    assert sorted(recorded()) == ["before", "child", "parent"]


def test_forks_while_threads_append_neither_hang_nor_lose(
    journal, folder, begin, descriptor_of, recorded
):
    stop = threading.Event()
    stored = [[] for _ in range(4)]

    def record(number):
        count = 0
        while not stop.is_set():
            call_id = f"{number}-{count}"
            if journal.append(begin(call_id)):
                stored[number].append(call_id)
            count += 1

    threads = [threading.Thread(target=record, args=(each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    (parent_segment,) = wait_for_segment(folder)
    children = []
    for number in range(10):
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # a deadlock ends the child, and the test
            inherited = descriptor_of(parent_segment)
            stored_one = journal.append(begin(f"child-{number}"))
            os._exit(0 if stored_one and inherited is None else 1)
        children.append(child)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    stop.set()
    for thread in threads:
        thread.join()

    assert statuses == [0] * 10
    expected = [call_id for each in stored for call_id in each]
    expected += [f"child-{number}" for number in range(10)]
    assert sorted(recorded()) == sorted(expected)


def test_a_fork_while_a_segment_is_being_opened_leaves_the_child_no_descriptor(
    journal, folder, begin, descriptor_of, in_child
):
    opening, forked = threading.Event(), threading.Event()

    def hold_after_open(event, facts):
        if event == "fcntl.flock" and threading.current_thread().name == "opener":
            opening.set()
            forked.wait(10)

    def inherited_by_a_child():
        sys.addaudithook(hold_after_open)
        opener = threading.Thread(
            target=journal.append, args=(begin("one"),), name="opener"
        )
        opener.start()
        assert opening.wait(10)
        (segment,) = folder.glob("*.seg")
        inherited = in_child(lambda: descriptor_of(segment))
        forked.set()
        opener.join()
        return inherited

    assert in_child(inherited_by_a_child) is None


def test_a_fork_before_an_opening_has_returned_leaves_the_child_no_descriptor(
    journal, folder, begin, descriptor_of, in_child
):
    # The file is open, but its number has not reached Python yet: the test
    # plays the kernel's part while the opening thread is held.
    folder.mkdir(parents=True)
    opening, forked, paths = threading.Event(), threading.Event(), []

    def hold_before_open(event, facts):
        if event == "open" and threading.current_thread().name == "opener":
            paths.append(facts[0])
            opening.set()
            forked.wait(10)

    def inherited_by_a_child():
        sys.addaudithook(hold_before_open)
        opener = threading.Thread(
            target=journal.append, args=(begin("one"),), name="opener"
        )
        opener.start()
        assert opening.wait(10)
        os.open(paths[0], os.O_CREAT | os.O_RDWR, 0o600)
        assert descriptor_of(paths[0]) is not None
        inherited = in_child(lambda: descriptor_of(paths[0]))
        forked.set()
        opener.join()
        return inherited

    assert in_child(inherited_by_a_child) is None


def test_the_fork_hook_keeps_no_journal_alive(tmp_path, header, clock, told):
    made = [
        SegmentJournal(tmp_path / name, header=header, clock=clock, observer=told)
        for name in ("one", "two")
    ]
    references = [weakref.ref(journal) for journal in made]

    del made
    gc.collect()

    assert [reference() for reference in references] == [None, None]


def wait_for_segment(folder):
    while not (found := list(folder.glob("*.seg"))):
        time.sleep(0.001)
    return found


def write_until_killed(journal, begin, end, acknowledge):
    def record(thread):
        for count in range(1_000_000):
            call_id = f"{os.getpid():08}{thread}{count:07}"
            for frame in (begin(call_id), end(call_id)):
                if journal.append(frame):
                    kind = type(frame).__name__[0]
                    os.write(acknowledge, f"{kind}{call_id}\n".encode())

    threading.Thread(target=record, args=(1,), daemon=True).start()
    record(0)


@pytest.mark.parametrize("round_number", range(3))
def test_every_acknowledged_frame_of_killed_writers_is_read_back(
    new_journal, reader, begin, end, ids, round_number
):
    writers = {}
    for _ in range(8):
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            write_until_killed(new_journal(roll_bytes=50_000), begin, end, writable)
        os.close(writable)
        writers[child] = readable

    acknowledged = killed_while_read(writers, random.Random(round_number))

    stored = list(reader.tail({}))
    names = [each.kind.value.decode() for each in stored]
    found = {name + call for name, call in zip(names, ids(stored), strict=True)}
    assert len(acknowledged) > 100
    assert acknowledged <= found
    assert reader.skipped == 0


def killed_while_read(writers, chance):
    """Kill each writer at some moment and return what it had acknowledged."""
    received = dict.fromkeys(writers.values(), b"")
    moments = {child: time.monotonic() + chance.uniform(0.05, 0.3) for child in writers}
    with selectors.DefaultSelector() as selector:
        for readable in writers.values():
            selector.register(readable, selectors.EVENT_READ)
        while selector.get_map():
            for child in [
                each for each, at in moments.items() if at < time.monotonic()
            ]:
                os.kill(child, signal.SIGKILL)
                del moments[child]
            for key, _ in selector.select(0.005):
                chunk = os.read(key.fd, 65_536)
                received[key.fd] += chunk
                if not chunk:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    for child in writers:
        os.waitpid(child, 0)
    return {
        line for each in received.values() for line in each.decode().split("\n")[:-1]
    }
