import os
import signal
import threading

import pytest

from agcod_guard import heartbeat as heartbeating
from agcod_guard.heartbeat import Heartbeat, WakingJournal, unhurried


class Journal:
    def __init__(self):
        self.frames = []

    def append(self, frame):
        self.frames.append(frame)
        return True


def test_it_beats_until_it_is_stopped():
    beaten = threading.Semaphore(0)
    heartbeat = Heartbeat(beaten.release, every_s=0.001)

    heartbeat.start()
    for _ in range(3):
        assert beaten.acquire(timeout=10)
    heartbeat.stop(timeout_s=10)

    assert not [each for each in threading.enumerate() if each.name == "agcod-guard"]


@pytest.mark.parametrize("has_begun", [True, False])
def test_what_was_stopped_begins_no_more(has_begun):
    heartbeat = Heartbeat(lambda: None, every_s=0.01)
    if has_begun:
        heartbeat.start()
    heartbeat.stop(timeout_s=10)

    heartbeat.start()

    assert not [each for each in threading.enumerate() if each.name == "agcod-guard"]


def test_starting_twice_is_one_thread():
    heartbeat = Heartbeat(lambda: None, every_s=0.01)

    heartbeat.start()
    heartbeat.start()
    threads = [each for each in threading.enumerate() if each.name == "agcod-guard"]
    heartbeat.stop(timeout_s=10)

    assert len(threads) == 1


def test_many_first_calls_at_once_are_one_thread():
    heartbeat, ready = Heartbeat(lambda: None, every_s=0.01), threading.Barrier(8)

    def first_call():
        ready.wait()
        heartbeat.start()

    callers = [threading.Thread(target=first_call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    threads = [each for each in threading.enumerate() if each.name == "agcod-guard"]
    heartbeat.stop(timeout_s=10)

    assert len(threads) == 1


def test_a_child_of_a_fork_begins_its_own():
    heartbeat = Heartbeat(lambda: None, every_s=0.01)
    heartbeat.start()
    child = os.fork()
    if child == 0:
        heartbeat.start()
        alive = [each for each in threading.enumerate() if each.name == "agcod-guard"]
        os._exit(0 if len(alive) == 1 else 1)
    _, state = os.waitpid(child, 0)
    heartbeat.stop(timeout_s=10)

    assert os.waitstatus_to_exitcode(state) == 0


def test_a_child_stops_without_its_parents_lock():
    heartbeat = Heartbeat(lambda: None, every_s=0.01)
    heartbeat.start()
    with heartbeat._stop._cond:  # as the thread may hold it at the fork
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            heartbeat.stop(timeout_s=0.1)
            os._exit(0)
    _, state = os.waitpid(child, 0)
    heartbeat.stop(timeout_s=10)

    assert os.waitstatus_to_exitcode(state) == 0


def test_it_can_be_stopped_by_its_own_beat():
    stopped = threading.Event()

    def beat():
        heartbeat.stop(timeout_s=10)
        stopped.set()

    heartbeat = Heartbeat(beat, every_s=0.001)
    heartbeat.start()

    assert stopped.wait(10)


def test_the_first_frame_of_a_process_wakes_it_and_no_other():
    woken, journal = [], Journal()
    waking = WakingJournal(journal, lambda: woken.append(os.getpid()))

    for frame in range(3):
        assert waking.append(frame)

    assert woken == [os.getpid()]
    assert journal.frames == [0, 1, 2]


@pytest.fixture
def pauses(monkeypatch):
    made = []
    monkeypatch.setattr(heartbeating.time, "sleep", made.append)
    return made


def on_the_helper_thread(act):
    done = threading.Event()
    results = []

    def beat():
        if not done.is_set():
            results.append(act())
            done.set()

    heartbeat = Heartbeat(beat, every_s=0.001)
    heartbeat.start()
    assert done.wait(10)
    heartbeat.stop(timeout_s=10)
    return results[0]


def test_the_helper_thread_lets_others_run_after_every_few_items(pauses):
    items = on_the_helper_thread(lambda: [*unhurried(range(80))])

    assert items == [*range(80)]
    assert len(pauses) == 2
    assert max(pauses) < 0.001


def test_a_flood_of_items_is_not_held_up_for_ever(pauses):
    assert on_the_helper_thread(lambda: sum(1 for _ in unhurried(range(50_000))))

    assert len(pauses) == 250


def test_no_other_thread_is_held_up(pauses):
    items = [*range(20)]

    assert unhurried(items) is items
    assert pauses == []
