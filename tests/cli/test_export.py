"""`agcod-guard export` writes what stands in the repository, and nothing by halves."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import click
import pytest

from agcod_guard.cli import main
from agcod_guard.monitoring.alerts import alerts

ROOT = Path(__file__).parents[2]
PLACES = {
    "prometheus": ROOT / "grafana" / "prometheus",
    "alertmanager": ROOT / "grafana" / "alertmanager",
    "grafana": ROOT / "grafana",
}


@pytest.mark.parametrize("what", PLACES)
def test_the_files_in_the_repository_are_those_that_are_exported(run, tmp_path, what):
    done = run("export", what, tmp_path / "made")

    assert done.exit_code == 0
    for line in done.output.splitlines():
        path = Path(line).relative_to(tmp_path / "made")
        kept = PLACES[what] / path
        renew = f"agcod-guard export {what} {PLACES[what].relative_to(ROOT)}"
        assert kept.read_text("utf-8") == Path(line).read_text("utf-8"), renew


def test_alerts_link_to_where_the_partner_keeps_runbooks_and_dashboard(run, tmp_path):
    run(
        "export",
        "prometheus",
        tmp_path,
        "--runbook-base",
        "https://wiki.shop.invalid/agcod",
        "--grafana-base",
        "https://grafana.shop.invalid/",
    )

    text = (tmp_path / "agcod-guard.rules.yaml").read_text("utf-8")
    assert 'runbook_url: "https://wiki.shop.invalid/agcod#agcodoutage"' in text
    assert '"https://grafana.shop.invalid/d/agcod-guard{{ with' in text


def test_a_newcomer_gets_every_mail_at_one_address(run, tmp_path):
    run(
        "export",
        "alertmanager",
        tmp_path,
        "--smarthost",
        "127.0.0.1:2525",
        "--mail-to",
        "ada@example.invalid",
        "--no-tls",
    )

    text = (tmp_path / "alertmanager.yaml").read_text("utf-8")
    assert text.count("to: ada@example.invalid") == 3
    assert 'smtp_smarthost: "127.0.0.1:2525"' in text
    assert "smtp_require_tls: false" in text


def test_what_is_exported_may_be_read_by_the_server_that_is_to_read_it(run, tmp_path):
    run("export", "prometheus", tmp_path / "new")

    made = list((tmp_path / "new").iterdir())
    assert [path.name for path in made if path.name.startswith(".")] == []
    assert {stat.S_IMODE(path.stat().st_mode) & 0o444 for path in made} == {0o444}


def test_a_folder_that_cannot_be_made_is_named(run, tmp_path):
    (tmp_path / "file").write_text("")

    done = run("export", "prometheus", tmp_path / "file" / "below")

    assert done.exit_code == 3
    assert "file" in done.output


def test_every_alert_has_a_runbook_and_every_runbook_an_alert():
    page = (ROOT / "docs" / "runbooks.md").read_text("utf-8")

    headings = re.findall(r"^## (Agcod\w+)$", page, re.M)
    assert headings == list(dict.fromkeys(each.name for each in alerts()))


@pytest.mark.parametrize("name", dict.fromkeys(each.name for each in alerts()))
def test_a_runbook_says_what_to_do_how_to_be_sure_and_when_it_ends(name):
    page = (ROOT / "docs" / "runbooks.md").read_text("utf-8")

    section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert len(re.findall(r"^[123]\. ", section, re.M)) == 3
    assert "**How to be sure.**" in section
    assert "**When it ends.**" in section


def test_every_command_that_alerts_and_runbooks_name_exists():
    page = (ROOT / "docs" / "runbooks.md").read_text("utf-8")
    told = " ".join(each.description for each in alerts())

    commands = re.findall(r"`agcod-guard ([^`]+)`", page + told)
    assert len(commands) > 30
    for command in commands:
        words = re.sub(r'"[^"]*"', "TEXT", command).split()
        typed = [word for word in words if word.startswith("--")]
        known = {option for each in meant(words) for option in options_of(each)}
        assert set(typed) <= known, command


def meant(words: list[str]) -> list[click.Command]:
    """Return the command that is typed, and the one below it if it is a group."""
    command = main.get_command(None, words[0])
    assert command is not None, words
    if not isinstance(command, click.Group):
        return [command]
    return [command, command.commands[words[1]]]


def options_of(command: click.Command) -> list[str]:
    return [option for each in command.params for option in each.opts]
