"""Workers that take orders off a queue, each a forked process, as Celery has them.

The guard is made once, before the fork. Each worker then writes a journal of its
own, and what they all saw makes one verdict. Runs against a simulator on this
machine, with fake keys, and ends by itself:

    python examples/queue_workers.py
"""

from __future__ import annotations

import multiprocessing
import tempfile
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import requests

from agcod_guard import Endpoint, Guard, Settings
from agcod_guard.call import Environment
from agcod_guard.simulator.client import PartnerClient
from agcod_guard.simulator.process import SimulatorProcess

WORKERS = 2
FORK = multiprocessing.get_context("fork")


def main() -> None:
    with SimulatorProcess() as sim, tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            hosts={"127.0.0.1": Endpoint("eu", Environment.LOOPBACK)},
        )
        with Guard(settings) as guard:
            session = guard.wrap(requests.Session())
            print("ordered:", *work(session, sim, ["Acmes1", "Acmes2"]))
            sim.break_("F500")
            print("ordered:", *work(session, sim, [f"Acmes{n}" for n in range(3, 9)]))
            report(guard)


def work(
    session: requests.Session, sim: SimulatorProcess, request_ids: list[str]
) -> list[str]:
    """Have the workers order these cards, each as many; return the results."""
    tasks: list[SimpleQueue[str | None]] = [FORK.SimpleQueue() for _ in range(WORKERS)]
    results: SimpleQueue[str] = FORK.SimpleQueue()
    workers = [
        FORK.Process(target=worker, args=(session, sim.url, each, results))
        for each in tasks
    ]
    for each in workers:
        each.start()
    for number, request_id in enumerate(request_ids):
        tasks[number % WORKERS].put(request_id)
    for queue in tasks:
        queue.put(None)
    for each in workers:
        each.join()
    return sorted(results.get() for _ in request_ids)


def worker(
    session: requests.Session,
    url: str,
    tasks: SimpleQueue[str | None],
    results: SimpleQueue[str],
) -> None:
    """Take orders until there are no more; runs in a process of its own."""
    client = PartnerClient(session, url, partner_id="Acmes", region="eu")
    while (request_id := tasks.get()) is not None:
        results.put(f"{request_id}={client.create(request_id, 25, 'GBP').result}")


def report(guard: Guard) -> None:
    """Say what the guard has seen of all workers together."""
    for scope in guard.status().scopes:
        print(f"{scope.scope} is {scope.phase}: {scope.reason}")


if __name__ == "__main__":
    main()
