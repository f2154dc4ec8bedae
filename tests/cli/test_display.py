"""What a person sees of a drill, without a terminal."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from agcod_guard.cli.display import (
    LiveDisplay,
    PlainDisplay,
    SilentDisplay,
)
from agcod_guard.cli.drill import rehearse
from agcod_guard.cli.drill_report import show_report
from agcod_guard.drill.findings import Check
from agcod_guard.drill.happening import Happening, Standing, Tone
from agcod_guard.drill.judging import Report
from agcod_guard.outage.state import Phase

START_S = 1_795_346_105.123

BREAKS = Happening(at_s=START_S, what="EU breaks", tone=Tone.STAGE)
DOWN = Happening(
    at_s=START_S + 6,
    what="EU OUTAGE",
    why="10 or more different orders failed in a row",
    tone=Tone.TROUBLE,
)


def console(*, width=100, height=30, encoding="utf-8", terminal=False):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    return Console(
        file=file,
        width=width,
        height=height,
        force_terminal=terminal,
        color_system=None,
        highlight=False,
    )


def shown(console) -> str:
    console.file.seek(0)
    return console.file.read()


def standing(region, phase, **changes):
    facts = {
        "region": region,
        "url": "http://127.0.0.1:8080",
        "phase": phase,
        "since_s": None,
        "calls": 0,
        "failed": 0,
        "newest": "",
    }
    return Standing(**(facts | changes))


@pytest.fixture
def report(tmp_path) -> Report:
    files = [tmp_path / "calls.csv", tmp_path / "packet.txt"]
    for path in files:
        path.write_text(f"this is [bold]{path.name}\n")
    return Report(
        checks=(
            Check("the incident is closed", True, "at 11:15:20"),
            Check("the packet is complete", False, "missing: Marketplace"),
        ),
        incidents=(),
        files=tuple(files),
        log=tmp_path / "program-log.csv",
        folder=tmp_path,
        lasted_s=33.4,
        remark="This machine was too busy.",
    )


def test_a_plain_line_tells_when_what_and_why():
    out = console()
    with PlainDisplay(out) as display:
        display.happened(BREAKS)
        display.happened(DOWN)

    first, second = shown(out).splitlines()
    assert first.endswith("s  11:15:05.123  > EU breaks")
    assert second.endswith(
        "11:15:11.123    EU OUTAGE: 10 or more different orders failed in a row"
    )


def test_a_plain_line_is_never_broken_however_narrow_the_output():
    out = console(width=20)
    with PlainDisplay(out) as display:
        display.happened(DOWN)

    assert len(shown(out).splitlines()) == 1


def test_the_picture_has_the_endpoints_and_what_happened():
    out = console(terminal=True)
    with LiveDisplay(out) as display:
        display.stands(
            (
                standing("eu", Phase.OUTAGE, calls=1234, failed=44, since_s=START_S),
                standing("na", Phase.OK, calls=86, newest="SUCCESS"),
            )
        )
        display.happened(BREAKS)
        display.happened(DOWN)

    picture = shown(out)
    assert "OUTAGE" in picture
    assert "1,234" in picture
    assert "SUCCESS" in picture
    assert "> EU breaks" in picture


def test_a_picture_fits_a_small_terminal_and_in_the_end_nothing_is_left_out():
    out = console(terminal=True, height=12)
    with LiveDisplay(out) as display:
        for number in range(20):
            display.happened(Happening(at_s=START_S, what=f"event {number}."))
        display._live.refresh()
        during = shown(out)

    assert "event 19." in during
    assert "event 3." not in during
    assert "event 3." in shown(out).replace(during, "")


def test_the_end_shows_the_packet_as_it_is_then_paths_then_checks(report):
    out = console(width=40)

    show_report(out, report)

    text = shown(out)
    assert "this is [bold]packet.txt" in text
    order = [
        text.index(part)
        for part in (
            "this is [bold]packet.txt",
            str(report.folder / "packet.txt"),
            str(report.folder / "calls.csv"),
            str(report.log),
            "✓ the incident is closed",
            "✗ the packet is complete\n      (missing: Marketplace)",
            "The drill has FAILED: 1 of 2 checks, 33 s.",
            "This machine was too busy.",
        )
    ]
    assert order == sorted(order)


def test_paths_are_told_from_where_the_user_stands(report, monkeypatch):
    monkeypatch.chdir(report.folder)
    out = console()

    show_report(out, report)

    assert "\n  packet.txt\n" in shown(out)
    assert str(report.folder) not in shown(out)


def test_a_check_has_its_figures_in_the_same_line_where_there_is_room(report):
    out = console()

    show_report(out, report)

    assert "✗ the packet is complete  (missing: Marketplace)" in shown(out)


@pytest.mark.parametrize(("width", "told"), [(100, True), (99, False)])
def test_a_narrow_terminal_keeps_its_room_for_the_reason(width, told):
    out = console(terminal=True, width=width)
    with LiveDisplay(out) as display:
        display.happened(DOWN)

    assert ("11:15:11.123" in shown(out)) == told


def test_an_output_without_ticks_gets_words(report):
    out = console(encoding="ascii")

    show_report(out, report)

    assert "ok     the incident is closed" in shown(out)
    assert "FAILED the packet is complete" in shown(out)


def test_as_json_there_is_one_object_and_nothing_else(report, capsys):
    out = io.StringIO()

    def play(audience):
        audience.happened(DOWN)
        audience.stands((standing("eu", Phase.OUTAGE),))
        return report

    code = rehearse(play, SilentDisplay(), json_to=out)

    facts = json.loads(out.getvalue())
    assert (code, facts["result"]) == (1, "failed")
    assert facts["remark"] == "This machine was too busy."
    assert facts["checks"][0] == {
        "promise": "the incident is closed",
        "kept": True,
        "detail": "at 11:15:20",
    }
    assert facts["paths"]["files"]["packet.txt"] == str(report.packet)
    assert capsys.readouterr() == ("", "")


def test_the_exit_code_is_0_only_if_every_check_was_passed(report):
    passed = replace(report, checks=report.checks[:1])

    assert rehearse(lambda _: passed, SilentDisplay(), json_to=None) == 0
    assert rehearse(lambda _: report, SilentDisplay(), json_to=None) == 1
