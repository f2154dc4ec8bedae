"""docs/monitoring.md shows the shop that is tested, and the alerts that there are."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

from alert_servers import eventually, free_address
from prometheus_client.parser import text_string_to_metric_families
from requests import RequestException, get

from agcod_guard.monitoring.alert import CRITICAL, Alert
from agcod_guard.monitoring.alerts import alerts

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
SHOP = ROOT / "examples" / "monitoring" / "shop.py"


def test_the_page_shows_the_shop_that_is_tested():
    [shown] = re.findall(r"^   ```python\n(.*?)^   ```$", PAGE, re.M | re.S)

    assert textwrap.dedent(shown) == SHOP.read_text("utf-8")


def test_the_shop_sells_breaks_mends_and_ends_by_itself(tmp_path):
    address = free_address()
    shop = subprocess.Popen(
        [sys.executable, str(SHOP), address.rpartition(":")[2]],
        env={"AGCOD_GUARD_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: counted(address, "SUCCESS"), "the shop sells nothing")
        shop.stdin.write("\n")
        shop.stdin.flush()
        eventually(lambda: counted(address, "FAULT"), "AGCOD does not break")
        told, complaints = shop.communicate("\n\n", timeout=60)
    finally:
        shop.kill()

    assert complaints == ""
    assert told.endswith("The shop sells again. Enter ends it: ")
    assert shop.returncode == 0


def test_the_table_of_alerts_is_that_of_the_code():
    by_name: dict[str, list[Alert]] = {}
    for alert in alerts():
        by_name.setdefault(alert.name, []).append(alert)

    rows = [
        f"| [{name}](runbooks.md#{name.lower()}) | {severity(rules)} "
        f"| {lasting(rules)} | {words(rules[0].summary)} |"
        for name, rules in by_name.items()
    ]
    table = "\n".join(
        [
            "| alert | severity | holds for | what it says |",
            "| --- | --- | --- | --- |",
            *rows,
        ]
    )

    assert table in PAGE, table


def severity(rules: list[Alert]) -> str:
    told = ["critical" if rule.severity in (CRITICAL, "critical") else "warning"
            for rule in rules]  # fmt: skip
    return " or ".join(dict.fromkeys(told))


def lasting(rules: list[Alert]) -> str:
    spans = sorted({rule.for_s for rule in rules})
    shown = [f"{span / 60:g} min" if span else "at once" for span in spans]
    return " or ".join(shown)


def words(summary: str) -> str:
    """Return a summary with what Prometheus fills in as words."""
    count = re.sub(r"\{\{ \$value[^}]*\}\}", "7", summary)
    filled = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"*\1*", count)
    return re.sub(r"tier \d", "tier 1", filled)


def counted(address: str, outcome: str) -> bool | None:
    """Whether the metrics at that address show calls that ended so."""
    try:
        text = get(f"http://{address}/metrics", timeout=5).text
    except RequestException:
        return None
    return (
        any(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "agcod_calls_total"
            and sample.labels["outcome"] == outcome
        )
        or None
    )
