import os
import signal
import threading

from agcod_guard.heartbeat import Heartbeat, UnhurriedReader, WakingJournal


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


class Reader:
    """Hands out numbers for frames."""

    def __init__(self, count):
        self.count = count

    def tail(self, offsets):
        yield from range(self.count)


def test_reading_what_is_new_lets_others_run_after_every_eighth_frame():
    taken, pauses = [], []
    reader = UnhurriedReader(Reader(20), pause=lambda _: pauses.append(len(taken)))

    for stored in reader.tail({}):
        taken.append(stored)

    assert taken == [*range(20)]
    assert pauses == [7, 15]


def test_a_flood_of_frames_is_not_held_up_for_ever():
    pauses = []
    reader = UnhurriedReader(Reader(50_000), pause=pauses.append)

    assert len([*reader.tail({})]) == 50_000
    assert sum(pauses) < 0.5
