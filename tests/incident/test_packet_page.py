"""docs/packet.md shows what the code writes, to the letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from agcod_guard.call import Call, Endpoint, Outcome
from agcod_guard.incident.packet import packet_files
from agcod_guard.incident.rows import CELLS

PAGE = Path(__file__).parents[2] / "docs" / "packet.md"
SILENT = {
    "outcome": Outcome.NO_ANSWER,
    "error_code": None,
    "error_type": None,
    "message": None,
    "status": None,
    "amzn_request_id": None,
    "marked": False,
    "exception": "ReadTimeout",
    "duration_s": 6.0,
}


def test_the_example_is_what_the_code_writes(
    call, success, sample, dossier, incident, reporter
):
    def failing(number: int) -> Call:
        # Each order is sent three times; every tenth call gets no answer.
        order = f"Acmes{33245000 + number // 3}H2"
        changes = SILENT if number % 10 == 9 else {}
        return call(number, request_id=order, source=f"shop-{number % 3}", **changes)

    before = [success(-number, duration_s=0.21) for number in range(60, 4, -1)]
    failed = [failing(number) for number in range(312)]
    probes = [
        replace(it, probe=True, request_id=None, operation="GetAvailableFunds")
        for it in (call(number) for number in range(20, 80, 5))
    ]
    others = [success(number, endpoint=Endpoint("na")) for number in range(0, 300, 7)]
    incident = replace(
        incident,
        reasons=(
            "Our own way to Amazon was open when the calls failed.",
            "281 failing calls were answered with an error, 31 got no answer.",
        ),
    )
    facts = dossier(
        incident, before, failed[0], sample(failed[0]), failed[1:], probes, others
    )

    files = packet_files(
        incident, facts, reporter, now_s=incident.first_failed_at_s + 320
    )

    assert files["packet.txt"].decode() in PAGE.read_text(encoding="utf-8")
    assert files["sample-request.txt"].decode() in PAGE.read_text(encoding="utf-8")


def test_the_page_names_every_column_of_calls_csv():
    page = PAGE.read_text(encoding="utf-8")

    assert [name for name in CELLS if f"`{name}`" not in page] == []
