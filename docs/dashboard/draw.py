"""Draw the dashboard's rows with Grafana's own components, in headless Chromium.

    python docs/dashboard/draw.py FOLDER

Run by hand, never by CI. It lives through the bad night of the tests, asks a real
Prometheus every query of the dashboard, and draws the answers into
docs/dashboard/*.png. FOLDER is a place outside the repository where npm puts
Grafana's packages; it is made and kept. Needs prometheus, npm, chromium and pngquant.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests"))

from monitored_night import BEGINS_S, ENDS_AFTER_S, PAGED_AFTER_S, Night  # noqa: E402
from prometheus_history import History, prometheus_with  # noqa: E402

from agcod_guard.monitoring.dashboard import dashboard  # noqa: E402

PACKAGES = (
    "@grafana/data@11.6.0",
    "@grafana/ui@11.6.0",
    "esbuild@0.25",
    "react@18.2.0",
    "react-dom@18.2.0",
)
BUNDLING = (
    "--bundle",
    "--format=esm",
    "--jsx=automatic",
    "--log-level=error",
    "--loader:.ttf=empty",
    "--define:global=window",
    "--outfile=panels.js",
    # The other build takes the defaults of some packages for their whole.
    *(
        f"--alias:{name}=./node_modules/{name}/dist/cjs/index.cjs"
        for name in ("@grafana/data", "@grafana/ui")
    ),
)
ALL = {"job": ".+", "instance": ".+", "endpoint": ".+"}
SHOWN_S = 3600.0
SHOWN_AT_S = {"is-it-down": PAGED_AFTER_S - 60}
"""When a row is drawn, if not at the end: the first while a page waits."""

WIDTH = 1440
ROW, GAP = 30, 8
PAGE = """\
<!doctype html>
<meta charset="utf-8">
<link rel="stylesheet" href="panels.css">
<body><div id="page"></div>
<script>window.NIGHT = %s; Date.now = () => window.NIGHT.to * 1000;</script>
<script type="module" src="panels.js"></script>
"""

Json = dict[str, Any]


def main() -> None:
    """Draw every row into a file of its own."""
    workshop = Path(sys.argv[1]).absolute()
    bundle(workshop)
    with TemporaryDirectory() as place:
        folder = Path(place)
        samples = Night(folder / "guard", order_every_s=4.0).openmetrics()
        with prometheus_with(samples, folder) as url:
            for title, panels in rows():
                now_s = BEGINS_S + SHOWN_AT_S.get(title, ENDS_AFTER_S - 60)
                history = History(url, ALL, now_s - SHOWN_S, now_s)
                draw(title, panels, history, workshop)


def bundle(workshop: Path) -> None:
    """Fetch Grafana's packages once, and bundle what draws with them."""
    workshop.mkdir(parents=True, exist_ok=True)
    if not (workshop / "node_modules").exists():
        (workshop / "package.json").write_text('{"private": true}', "utf-8")
        options = ("--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund")
        run("npm", "install", *options, *PACKAGES, cwd=workshop)
    shutil.copy(HERE / "panels.jsx", workshop)
    run("node_modules/.bin/esbuild", "panels.jsx", *BUNDLING, cwd=workshop)


def rows() -> list[tuple[str, list[Json]]]:
    """Return the rows of the dashboard: a title for the file, and the panels."""
    found: list[tuple[str, list[Json]]] = []
    for panel in dashboard()["panels"]:
        if panel["type"] == "row":
            found.append((file_name(panel["title"]), []))
        found[-1][1].append(panel)
    return found


def file_name(title: str) -> str:
    """Return a title as a file is called by."""
    return "-".join(title.lower().replace("?", "").split())


def draw(title: str, panels: list[Json], history: History, workshop: Path) -> None:
    """Draw one row into its picture."""
    (workshop / "page.html").write_text(PAGE % answers(panels, history), "utf-8")
    top = min(panel["gridPos"]["y"] for panel in panels)
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) - top
    run(
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        "--hide-scrollbars",
        "--virtual-time-budget=10000",
        f"--window-size={WIDTH},{rows * (ROW + GAP)}",
        f"--screenshot={HERE / title}.png",
        f"file://{workshop}/page.html",
        cwd=workshop,
    )
    run("pngquant", "--force", "--ext=.png", f"{HERE / title}.png", cwd=workshop)


def answers(panels: list[Json], history: History) -> str:
    """Return the panels and what Prometheus says to each of their queries."""
    found = {
        panel["id"]: {it["refId"]: history.answer(it) for it in panel["targets"]}
        for panel in panels
        if "targets" in panel
    }
    return json.dumps(
        {
            "panels": panels,
            "answers": found,
            "annotations": annotations(history),
            "from": history.from_s,
            "to": history.now_s,
            "step": history.step_s,
            "width": WIDTH,
        }
    ).replace("</", "<\\/")


def annotations(history: History) -> list[Json]:
    """Return what the annotations mark: colour, begin and end."""
    found = []
    for annotation in dashboard()["annotations"]["list"]:
        for series in history.answer(annotation):
            timed = annotation["useValueForTime"]
            times_s = {
                float(value) / 1000 if timed else at_s
                for at_s, value in series["values"]
            }
            ends = (
                [(at_s, at_s) for at_s in times_s]
                if timed
                else [(min(times_s), max(times_s))]
            )
            found += [
                {"color": annotation["iconColor"], "begins": begin, "ends": end}
                for begin, end in ends
            ]
    return found


def run(*command: str, cwd: Path) -> None:
    """Run a program.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    subprocess.run(command, check=True, cwd=cwd)


if __name__ == "__main__":
    main()
