"""A real Prometheus on loopback, filled with what was read earlier."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

START_WITHIN_S = 30.0


@dataclass(frozen=True)
class History:
    """What a Prometheus answers about a time that is past.

    Attributes:
        url: Where it listens.
        variables: What stands for Grafana's `$name` in a query.
        from_s: Where the range begins, seconds since the Unix epoch.
        now_s: What counts as the present.
        step_s: Distance of two points.
    """

    url: str
    variables: dict[str, str]
    from_s: float
    now_s: float
    step_s: float = 15.0

    def answer(self, target: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the series that answer a panel's query, as Prometheus gives them."""
        query = {"query": self._filled(target["expr"])}
        if target.get("instant"):
            return self._asked("query", query | {"time": self.now_s})
        return self._asked(
            "query_range",
            query | {"start": self.from_s, "end": self.now_s, "step": self.step_s},
        )

    def label_values(self, query: str) -> list[str]:
        """Return what a variable offers: `label_values(SELECTOR, LABEL)`."""
        selector, label = query.removeprefix("label_values(")[:-1].rsplit(", ", 1)
        return self._asked(
            f"label/{label}/values",
            {
                "match[]": self._filled(selector),
                "start": self.from_s,
                "end": self.now_s,
            },
        )

    def _filled(self, text: str) -> str:
        length = f"{round(self.now_s - self.from_s)}s"
        values = {"__rate_interval": "1m", "__range": length, **self.variables}
        for name, value in values.items():
            text = text.replace(f"${name}", value)
        return text

    def _asked(self, what: str, params: dict[str, Any]) -> Any:
        answer = requests.get(f"{self.url}/api/v1/{what}", params=params, timeout=30)
        found = answer.json()
        assert found["status"] == "success", (params, found)
        data = found["data"]
        return data["result"] if isinstance(data, dict) else data


@contextmanager
def prometheus_with(openmetrics: str, folder: Path) -> Iterator[str]:
    """Run a Prometheus that knows these samples and no others; yield its address.

    Raises:
        subprocess.CalledProcessError: promtool cannot read the samples.
        TimeoutError: It does not come up.
    """
    samples, config, data = folder / "samples", folder / "empty.yml", folder / "data"
    samples.write_text(openmetrics, "utf-8")
    config.write_text("{}", "utf-8")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", samples, data],
        check=True,
        capture_output=True,
        timeout=60,
    )
    port = _free_port()
    command = (
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with (
        (folder / "prometheus.log").open("wb") as log,
        subprocess.Popen(command, stderr=log) as server,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/-/ready")
            yield url
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _wait_for(url: str) -> None:
    gives_up_s = time.monotonic() + START_WITHIN_S
    while time.monotonic() < gives_up_s:
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"{url} is not ready after {START_WITHIN_S} s")
