"""A shop in another language: program, log, `agcod-guard ingest`, packet."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.simulator import Simulator

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "other-languages"
PAGE = (ROOT / "docs" / "other-languages.md").read_text("utf-8")
PATIENCE_S = 60.0

JAVA_SHOP = r"""
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.Map;

public class Shop {
    private static final String BODY = "{'partnerId': 'Acmes', "
        + "'creationRequestId': '%s', 'value': {'amount': 25, 'currencyCode': 'GBP'}}";

    public static void main(String[] words) throws Exception {
        AgcodLog log = new AgcodLog(HttpClient.newHttpClient(), Path.of(words[0]));
        for (String id : new String[] {"Acmes1", "Acmes2"}) {
            String body = String.format(BODY, id).replace('\'', '"');
            log.call(URI.create(words[1]), Map.of("accept", "application/json"), body);
        }
    }
}
"""
PHP_SHOP = """
require $argv[1];
foreach (['Acmes1', 'Acmes2'] as $id) {
    $value = ['amount' => 25, 'currencyCode' => 'GBP'];
    $body = ['partnerId' => 'Acmes', 'creationRequestId' => $id, 'value' => $value];
    call_agcod($argv[3], ['accept: application/json'], json_encode($body), $argv[2]);
}
"""


@pytest.fixture
def sim():
    with Simulator(check_signatures=False) as sim:
        yield sim


@pytest.fixture
def shop_folder(tmp_path):
    """A folder with settings in which an hour is half a minute."""
    policy = asdict(OutagePolicy().scaled(1 / 120))
    lines = [f"{name} = {value}" for name, value in policy.items()]
    text = '[hosts."127.0.0.1"]\nregion = "eu"\nenvironment = "loopback"\n[policy]\n'
    (tmp_path / "agcod_guard.toml").write_text(text + "\n".join(lines))
    return tmp_path


@pytest.fixture
def sidecar(shop_folder):
    """`agcod-guard ingest --follow`, at work on the shop's log."""
    process = subprocess.Popen(
        [sys.executable, "-m", "agcod_guard", "ingest", "--follow", "agcod.ndjson"],
        cwd=shop_folder,
        env={**os.environ, "AGCOD_GUARD_DATA_DIR": str(shop_folder / "data")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_a_node_shop_has_its_packet_on_disk_when_agcod_fails(
    node, sim, shop_folder, sidecar
):
    def sell(first: int, count: int) -> None:
        subprocess.run(
            [node, EXAMPLES / "shop.mjs", sim.url, str(first), str(count)],
            env={**os.environ, "AGCOD_LOG": str(log)},
            check=True,
            timeout=PATIENCE_S,
            stdout=subprocess.DEVNULL,
        )

    packets, log = shop_folder / "data" / "incidents", shop_folder / "agcod.ndjson"
    sell(0, 5)
    sim.break_("F500")
    for customers in range(5, 1_000, 40):
        sell(customers, 40)
        if any(packets.glob("*/packet.txt")):
            break
    sidecar.send_signal(signal.SIGTERM)
    told, _ = sidecar.communicate(timeout=PATIENCE_S)

    [packet] = packets.glob("*/packet.txt")
    assert "F500 GeneralError" in packet.read_text("utf-8")
    assert "Partner ID of account: Acmes" in packet.read_text("utf-8")
    assert "Acmes5" in (packet.parent / "sample-request.txt").read_text("utf-8")
    assert "calls recorded.\n" in told
    assert len(ingested(shop_folder)) == len(log.read_text("utf-8").splitlines())
    assert_nothing_secret(shop_folder, sim)


def test_the_node_log_tells_of_every_kind_of_trouble(node, sim, shop_folder):
    log = shop_folder / "agcod.ndjson"
    for fault in ("reset", "html-503", "empty-200", "InsufficientFunds"):
        sim.heal()
        sim.break_(fault)
        subprocess.run(
            [node, EXAMPLES / "shop.mjs", sim.url, "1", "1"],
            env={**os.environ, "AGCOD_LOG": str(log)},
            check=True,
            timeout=PATIENCE_S,
        )

    outcomes = ingested(shop_folder)

    assert outcomes == ["NO_ANSWER", "FAULT", "FAULT", "ACCOUNT"]


@pytest.mark.skipif(shutil.which("javac") is None, reason="javac is not installed")
def test_the_java_log_is_taken_in(sim, shop_folder):
    (shop_folder / "Shop.java").write_text(JAVA_SHOP)
    sources = [EXAMPLES / "AgcodLog.java", "Shop.java"]
    compiled = ["javac", "-Xlint:all", "-Werror", "-d", ".", *sources]
    subprocess.run(compiled, cwd=shop_folder, check=True, timeout=PATIENCE_S)
    url = f"{sim.url}/CreateGiftCard"

    shop = ["java", "-cp", ".", "Shop", "agcod.ndjson", url]
    subprocess.run(shop, cwd=shop_folder, check=True, timeout=PATIENCE_S)

    assert ingested(shop_folder) == ["SUCCESS", "SUCCESS"]
    assert_nothing_secret(shop_folder, sim)


@pytest.mark.skipif(shutil.which("php") is None, reason="php is not installed")
def test_the_php_log_is_taken_in(sim, shop_folder):
    words = [EXAMPLES / "agcod-log.php", "agcod.ndjson", f"{sim.url}/CreateGiftCard"]

    shop = ["php", "-r", PHP_SHOP, "--", *words]
    subprocess.run(shop, cwd=shop_folder, check=True, timeout=PATIENCE_S)

    assert ingested(shop_folder) == ["SUCCESS", "SUCCESS"]
    assert_nothing_secret(shop_folder, sim)


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("js", "agcod-log.mjs"),
        ("php", "agcod-log.php"),
        ("java", "AgcodLog.java"),
        ("csharp", "AgcodLog.cs"),
    ],
)
def test_the_page_shows_the_file_that_is_tested(language, name):
    [shown] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)

    assert shown == (EXAMPLES / name).read_text("utf-8")


def ingested(folder: Path) -> list[str]:
    """Take the log in; return the outcomes that are in the journal then."""
    told = []
    for words in (["ingest", "agcod.ndjson"], ["calls", "--json", "--limit", "0"]):
        done = subprocess.run(
            [sys.executable, "-m", "agcod_guard", *words, "--data-dir", "data"],
            cwd=folder,
            check=True,
            timeout=PATIENCE_S,
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        told = done.stdout.splitlines()
    return [json.loads(line)["outcome"] for line in told]


def assert_nothing_secret(folder: Path, sim: Simulator) -> None:
    """No claim code that was made stands anywhere that the shop has written."""
    written = b"".join(
        path.read_bytes() for path in folder.rglob("*.*") if path.is_file()
    )
    assert not re.search(rb"[A-Z0-9]{4}-[A-Z0-9]{6}-[A-Z0-9]{4}", written)
    assert b"gcClaimCode" not in written
