"""Tell how a drill went: to a person, and as JSON."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from agcod_guard.cli.incidents import incident_facts
from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.drill.findings import Check
from agcod_guard.drill.judging import Report
from agcod_guard.incident.packet import PACKET_FILE


def show_report(console: Console, report: Report) -> None:
    """Print the packet, where its files are, and every check."""
    if report.packet:
        show_lines(console, Text(f"\n----- {report.packet.name} " + "-" * 62, "dim"))
        show_lines(console, Text(report.packet.read_text("utf-8").rstrip("\n")))
        show_lines(console, Text("-" * 78, "dim"))
    show_lines(console, Text("\nFiles", "bold"))
    for path in sorted((*report.files, report.log), key=_rank):
        show_lines(console, Text(f"  {_short(path)}"))
    show_lines(console, Text("\nChecks", "bold"))
    for check in report.checks:
        show_lines(console, _judgement(check, console))
    show_lines(console, _conclusion(report))


def _judgement(check: Check, console: Console) -> Text:
    """Return a check in one line, or in two where one would be too long."""
    marks = ("✓", "✗") if _has_ticks(console) else ("ok    ", "FAILED")
    line = Text(
        f"  {marks[0] if check.kept else marks[1]} {check.promise}",
        "green" if check.kept else "bold red",
    )
    detail = f"({check.detail})"
    is_long = line.cell_len + 2 + len(detail) > console.width
    line.append(f"\n      {detail}" if is_long else f"  {detail}", "not bold default")
    return line


def _conclusion(report: Report) -> Text:
    kept = sum(check.kept for check in report.checks)
    checks = f"{kept} of {len(report.checks)} checks"
    lasted = f"{report.lasted_s:.0f} s"
    if report.passed:
        return Text(f"\nThe drill has passed: {checks}, {lasted}.", "bold green")
    text = Text(f"\nThe drill has FAILED: {checks}, {lasted}.", "bold red")
    if report.remark:
        text.append(f"\n{report.remark}", "yellow")
    return text


def report_facts(report: Report) -> dict[str, Any]:
    """Return the report as a JSON object; incidents as `incidents --json` has them."""
    packets = IncidentFolder(report.folder)
    return {
        "result": "passed" if report.passed else "failed",
        "lasted_s": round(report.lasted_s, 3),
        "remark": report.remark,
        "incidents": [
            incident_facts(each, now_s=time.time(), packets=packets)
            for each in report.incidents
        ],
        "checks": [
            {"promise": check.promise, "kept": check.kept, "detail": check.detail}
            for check in report.checks
        ],
        "paths": {
            "folder": str(report.folder),
            "program_log": str(report.log),
            "files": {path.name: str(path) for path in report.files},
        },
    }


def show_lines(console: Console, text: Text) -> None:
    """Print lines as they are: a path that is broken cannot be copied."""
    console.print(text, soft_wrap=True)


def _rank(path: Path) -> tuple[bool, str]:
    """Put the letter first."""
    return path.name != PACKET_FILE, str(path)


def _short(path: Path) -> Path:
    """Return the path from where the user is, if it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _has_ticks(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")
