"""A Flask shop under gunicorn: two forked workers, one journal, one page of metrics.

With `--preload` the guard and the session are made before gunicorn forks; without it,
in each worker. Either works. Runs against a simulator on this machine, with fake keys,
and ends by itself:

    python examples/flask_gunicorn.py
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests
from flask import Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from agcod_guard import Endpoint, Guard, Settings
from agcod_guard.call import Environment
from agcod_guard.simulator import Simulator
from agcod_guard.simulator.client import PartnerClient

WORKERS = 2
PATIENCE_S = 20.0


def shop() -> Flask:
    """Return the application; gunicorn calls it."""
    guard = Guard(settings(Path(os.environ["SHOP_DATA"])))
    session = guard.wrap(requests.Session())
    agcod_url = os.environ["SHOP_AGCOD"]
    client = PartnerClient(session, agcod_url, partner_id="Acmes", region="eu")
    app = Flask(__name__)

    @app.get("/alive")
    def alive() -> str:
        return "yes"

    @app.get("/metrics")
    def metrics() -> Response:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # what each worker has counted, in sum
        registry.register(guard.states)  # what the ladder says, whoever is asked
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.post("/cards/<request_id>")
    def sell(request_id: str) -> str:
        return f"{os.getpid()} {client.create(request_id, 25, 'GBP').result}"

    return app


def settings(folder: Path) -> Settings:
    """Return what workers and report have in common."""
    return Settings(
        data_dir=folder,
        hosts={"127.0.0.1": Endpoint("eu", Environment.LOOPBACK)},
    )


def main() -> None:
    with Simulator() as sim, tempfile.TemporaryDirectory() as folder:
        with served(folder, sim.url) as port:
            sold = sell_by_both_workers(port)
            if shown(port, "agcod_calls_total", outcome="SUCCESS") == sold:
                print("a scrape of one shows the calls of both")
            sim.break_("F500")
            for number in range(6):
                buy(port, f"Acmesbroken{number}")
        with Guard(settings(Path(folder))) as guard:
            for scope in guard.status().scopes:
                print(f"{scope.scope} is {scope.phase}: {scope.reason}")


@contextmanager
def served(folder: str, agcod_url: str) -> Iterator[int]:
    """Serve the shop on a free port; yield that."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", f"{WORKERS}"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    counts = Path(folder, "prometheus")
    counts.mkdir()
    shop_process = subprocess.Popen(
        [*command, "--chdir", Path(__file__).parent, "flask_gunicorn:shop()"],
        env={
            **os.environ,
            "SHOP_DATA": folder,
            "SHOP_AGCOD": agcod_url,
            "PROMETHEUS_MULTIPROC_DIR": str(counts),
        },
    )
    try:
        wait_for(port)
        yield port
    finally:
        shop_process.terminate()
        shop_process.wait()


def wait_for(port: int) -> None:
    """Return when the shop is open."""
    closes_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < closes_s:
        try:
            ask(port, "GET", "/alive")
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the shop did not open")


def sell_by_both_workers(port: int) -> int:
    """Sell, several customers at a time, until each worker has; return how many."""
    closes_s, pids, number = time.monotonic() + PATIENCE_S, set[str](), 0
    with ThreadPoolExecutor(2 * WORKERS) as customers:
        while len(pids) < WORKERS:
            if time.monotonic() > closes_s:
                raise TimeoutError("one worker does all the work")
            ids = [f"Acmes{number + each}" for each in range(2 * WORKERS)]
            number += len(ids)
            pids |= {sold.split()[0] for sold in customers.map(buy, [port] * 4, ids)}
    print(f"{len(pids)} workers have sold cards")
    return number


def buy(port: int, request_id: str) -> str:
    """Buy one card as a customer does; return what the shop says."""
    return ask(port, "POST", f"/cards/{request_id}")


def shown(port: int, name: str, **labels: str) -> float:
    """Return the sum of what a scrape shows under that name with those labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(ask(port, "GET", "/metrics"))
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def ask(port: int, method: str, path: str) -> str:
    """Ask the shop."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
